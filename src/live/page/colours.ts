/** As many as style.css has; later runs begin again. */
const RUN_COLOURS = 10;

const cache = new Map<string, string>();

/** A colour of style.css, by the name of its property. */
export function colour(name: string): string {
  let value = cache.get(name);
  if (value === undefined) {
    value = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
    cache.set(name, value);
  }
  return value;
}

export function runColourName(index: number): string {
  return `run-${index % RUN_COLOURS}`;
}

/** Once the theme is another. */
export function forgetColours(): void {
  cache.clear();
}

/** Of an event or a status. */
export function alertColour(alertType: string): string {
  switch (alertType) {
    case 'error':
    case 'critical':
      return colour('critical');
    case 'warning':
      return colour('warning');
    case 'success':
    case 'ok':
      return colour('ok');
    default:
      return colour('info');
  }
}
