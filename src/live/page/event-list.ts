import type { WireEvent } from '../protocol.ts';
import { element, KeyedChildren, setText } from './dom.ts';
import { formatTime, shortRunId } from './format.ts';
import { type EventOfRun, latestEvents, type Run } from './model.ts';

interface Entry {
  readonly root: HTMLElement;
}

const MAX_LISTED = 50;

/** What happened to the runs that are shown, the last first. */
export class EventList {
  readonly #nothing: HTMLElement;
  readonly #children: KeyedChildren<EventOfRun, Entry>;

  /** @param onPoint is told of the event that the user looks at. */
  constructor(parent: HTMLElement, nothing: HTMLElement, onPoint: (event: WireEvent | undefined) => void) {
    this.#nothing = nothing;
    this.#children = new KeyedChildren<EventOfRun, Entry>(
      parent,
      (item) => createEntry(item, onPoint),
      () => {},
    );
  }

  show(runs: readonly Run[]): void {
    const latest = [...new Map(latestEvents(runs, MAX_LISTED).map((item) => [keyOf(item), item])).values()];
    this.#nothing.hidden = latest.length > 0;
    this.#children.show(latest, keyOf);
  }
}

/** What is the same in all of this is the same to a reader. */
function keyOf({ run, event: { time, title, text } }: EventOfRun): string {
  return [run.runId, time, title, text].join(' ');
}

function createEntry({ run, event }: EventOfRun, onPoint: (event: WireEvent | undefined) => void): Entry {
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
