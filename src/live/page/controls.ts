import { forgetColours } from './colours.ts';
import { find, setText } from './dom.ts';
import type { View } from './view.ts';

export interface ControlsListener {
  /** The lines are other ones now. */
  onLines(): void;
  /** The colours are. */
  onTheme(): void;
}

/** Axis, smoothing, theme: what the user sets, and what is set. */
export class Controls {
  readonly #view: View;
  readonly #listener: ControlsListener;
  readonly #form = find('controls', HTMLFormElement);
  readonly #resetZoom = find('reset-zoom', HTMLButtonElement);

  constructor(view: View, listener: ControlsListener) {
    this.#view = view;
    this.#listener = listener;
    this.#show();
    this.#showTheme();
    this.#form.addEventListener('submit', (event) => event.preventDefault());
    this.#form.addEventListener('input', () => this.#read());
    this.#resetZoom.addEventListener('click', () => this.#unzoom());
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#showTheme());
  }

  /** Part of the axis is shown. */
  zoomed(): void {
    this.#resetZoom.hidden = this.#view.zoom === undefined;
  }

  #read(): void {
    const view = this.#view;
    const values = new FormData(this.#form);
    const axis = values.get('axis') === 'time' ? 'time' : 'step';
    // A part of one axis is none of the other.
    if (axis !== view.axis) view.zoom = undefined;
    view.axis = axis;
    view.smoothing = Number(values.get('smoothing'));
    const theme = values.get('theme');
    const hasTheme = theme !== view.theme;
    view.theme = theme === 'light' || theme === 'dark' ? theme : 'auto';
    view.store();
    this.#show();
    if (hasTheme) this.#showTheme();
    this.#listener.onLines();
  }

  #unzoom(): void {
    this.#view.zoom = undefined;
    this.zoomed();
    this.#listener.onLines();
  }

  #show(): void {
    const { axis, smoothing, theme } = this.#view;
    const set = (name: string, value: string) => {
      const control = this.#form.elements.namedItem(name);
      if (
        control instanceof RadioNodeList ||
        control instanceof HTMLInputElement ||
        control instanceof HTMLSelectElement
      ) {
        control.value = value;
      }
    };
    set('axis', axis);
    set('smoothing', String(smoothing));
    set('theme', theme);
    setText(find('smoothing-value', HTMLOutputElement), smoothing === 0 ? 'off' : smoothing.toFixed(2));
    this.zoomed();
  }

  #showTheme(): void {
    const { theme } = this.#view;
    const isDark = theme === 'dark' || (theme === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches);
    document.documentElement.dataset.theme = isDark ? 'dark' : 'light';
    forgetColours();
    this.#listener.onTheme();
  }
}
