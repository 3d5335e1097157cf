import type { WireEvent } from '../protocol.ts';
import { element, KeyedChildren, setText } from './dom.ts';
import { formatTime, shortRunId } from './format.ts';
import type { Run } from './model.ts';

interface Item {
  readonly key: string;
  readonly run: Run;
  readonly event: WireEvent;
}

interface Entry {
  readonly root: HTMLElement;
}

const MAX_LISTED = 50;

/** What happened to the runs that are shown, the last first. */
export class EventList {
  readonly #nothing: HTMLElement;
  readonly #children: KeyedChildren<Item, Entry>;

  /** @param onPoint is told of the event that the user looks at. */
  constructor(parent: HTMLElement, nothing: HTMLElement, onPoint: (event: WireEvent | undefined) => void) {
    this.#nothing = nothing;
    this.#children = new KeyedChildren<Item, Entry>(
      parent,
      (item) => createEntry(item, onPoint),
      () => {},
    );
  }

  show(runs: readonly Run[]): void {
    const items = runs.flatMap((run) =>
      run.events.map((event) => ({ key: `${run.runId} ${event.time} ${event.title}`, run, event })),
    );
    const newest = [...new Map(items.map((item) => [item.key, item])).values()]
      .sort((a, b) => b.event.time - a.event.time)
      .slice(0, MAX_LISTED);
    this.#nothing.hidden = newest.length > 0;
    this.#children.show(newest, ({ key }) => key);
  }
}

function createEntry({ run, event }: Item, onPoint: (event: WireEvent | undefined) => void): Entry {
  const { step, time, title, text, alertType } = event;
  const place = [shortRunId(run.runId), step === null ? null : `step ${step}`, formatTime(time / 1_000)];
  const button = element('button', { type: 'button', className: `event ${alertType}` });
  const detail = element('span', { className: 'muted' });
  setText(detail, place.filter((part) => part !== null).join(' · '));
  button.append(element('strong', {}, title), ' ', detail);
  for (const type of ['focus', 'mouseenter'] as const) button.addEventListener(type, () => onPoint(event));
  for (const type of ['blur', 'mouseleave'] as const) button.addEventListener(type, () => onPoint(undefined));
  return { root: element('li', {}, button, element('p', { className: 'text' }, text)) };
}
