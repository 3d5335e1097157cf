export type AxisName = 'step' | 'time';
export type Theme = 'auto' | 'light' | 'dark';

/** More lines than this are hard to tell from each other; older runs are shown when they are asked for. */
const MAX_SHOWN_UNASKED = 10;

const KEY = 'signal-otel-live';

/** How the user looks at the runs. Kept across reloads. */
export class View {
  axis: AxisName = 'step';
  /** Of an exponential moving average; 0 shows the values as they are. */
  smoothing = 0;
  theme: Theme = 'auto';
  /** What of the axis is shown, where that is not all. */
  zoom: { readonly min: number; readonly max: number } | undefined;
  readonly #choices = new Map<string, boolean>();

  constructor() {
    const stored = readStored();
    if (stored.axis === 'time') this.axis = 'time';
    if (typeof stored.smoothing === 'number' && stored.smoothing >= 0 && stored.smoothing < 1) {
      this.smoothing = stored.smoothing;
    }
    if (stored.theme === 'light' || stored.theme === 'dark') this.theme = stored.theme;
    if (Array.isArray(stored.hidden)) for (const runId of stored.hidden) this.#choices.set(String(runId), false);
  }

  /** @param runIds in the order in which they began. */
  shown(runIds: readonly string[]): string[] {
    const first = runIds.length - MAX_SHOWN_UNASKED;
    return runIds.filter((runId, index) => this.#choices.get(runId) ?? index >= first);
  }

  choose(runId: string, isShown: boolean): void {
    this.#choices.set(runId, isShown);
    this.store();
  }

  store(): void {
    const hidden = [...this.#choices].flatMap(([runId, isShown]) => (isShown ? [] : [runId]));
    const { axis, smoothing, theme } = this;
    try {
      localStorage.setItem(KEY, JSON.stringify({ axis, smoothing, theme, hidden: hidden.slice(-100) }));
    } catch {
      // A browser may have no room, or none for this page: the next load begins anew.
    }
  }
}

function readStored(): Readonly<Record<string, unknown>> {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    return typeof stored === 'object' && stored !== null ? { ...stored } : {};
  } catch {
    return {};
  }
}
