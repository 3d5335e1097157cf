import type { Status, WireHealth } from '../protocol.ts';
import { runColourName } from './colours.ts';
import { element, KeyedChildren, setText } from './dom.ts';
import { formatValue, shortRunId } from './format.ts';
import type { Run } from './model.ts';

interface Entry {
  readonly root: HTMLElement;
  readonly box: HTMLInputElement;
  readonly state: HTMLElement;
  readonly badges: KeyedChildren<Badge, BadgeEntry>;
}

interface Badge {
  readonly key: string;
  readonly status: Status;
  readonly text: string;
  readonly advice: string;
}

interface BadgeEntry {
  readonly root: HTMLElement;
  readonly button: HTMLElement;
  readonly tip: HTMLElement;
}

const WORDS = { ok: 'OK', warning: 'Warning', critical: 'Critical' } as const satisfies Record<Status, string>;

/** The runs: which of them are shown, how far they are, and how they do. */
export class RunList {
  readonly #children: KeyedChildren<{ readonly run: Run; readonly isShown: boolean }, Entry>;

  /** @param onChoose is told which run the user wants to see, or no longer. */
  constructor(parent: HTMLElement, onChoose: (runId: string, isShown: boolean) => void) {
    this.#children = new KeyedChildren(
      parent,
      ({ run }) => createEntry(run, onChoose),
      ({ box, state, badges }, { run, isShown }) => {
        box.checked = isShown;
        setText(state, stateOf(run));
        badges.show(badgesOf(run), ({ key }) => key);
      },
    );
  }

  show(runs: readonly Run[], shown: ReadonlySet<string>): void {
    this.#children.show(
      runs.map((run) => ({ run, isShown: shown.has(run.runId) })),
      ({ run }) => run.runId,
    );
  }
}

function createEntry(run: Run, onChoose: (runId: string, isShown: boolean) => void): Entry {
  const box = element('input', { type: 'checkbox' });
  box.addEventListener('change', () => onChoose(run.runId, box.checked));
  const swatch = element('span', { className: `swatch ${runColourName(run.index)}` });
  swatch.setAttribute('aria-hidden', 'true');
  const name = element('span', { className: 'run-name', title: run.runId }, shortRunId(run.runId));
  const state = element('span', { className: 'muted state' });
  const list = element('ul', { className: 'badges' });
  list.setAttribute('aria-label', `Health of ${run.runId}`);
  const label = element('label', {}, box, swatch, name);
  const root = element('li', { className: 'run' }, label, state, list);
  return { root, box, state, badges: new KeyedChildren(list, createBadge, updateBadge) };
}

function stateOf({ model, step, isEnded }: Run): string {
  return [model, step === null ? null : `step ${step}`, isEnded ? 'ended' : 'running']
    .filter((part) => part !== null)
    .join(' · ');
}

/** What is not well each by itself, the rest in one. */
function badgesOf({ health }: Run): Badge[] {
  const alarms = health.filter(({ status }) => status !== 'ok');
  const well = health.filter(({ status }) => status === 'ok');
  const badges = alarms.map((check) => badgeOf(check));
  if (well.length > 0) {
    const advice = `Well: ${well.map(({ title }) => title).join(', ')}.`;
    const text = alarms.length === 0 ? 'All checks OK' : `${well.length} OK`;
    badges.push({ key: 'ok', status: 'ok', text, advice });
  }
  return badges;
}

function badgeOf({ check, title, status, value, advice }: WireHealth): Badge {
  return { key: check, status, text: `${WORDS[status]}: ${title} ${formatValue(value)}`, advice };
}

let tips = 0;

function createBadge(): BadgeEntry {
  tips += 1;
  const button = element('button', { type: 'button', className: 'badge' });
  const tip = element('span', { className: 'tip', id: `tip-${tips}` });
  tip.setAttribute('role', 'tooltip');
  button.setAttribute('aria-describedby', tip.id);
  return { root: element('li', {}, button, tip), button, tip };
}

function updateBadge({ button, tip }: BadgeEntry, { status, text, advice }: Badge): void {
  const className = `badge ${status}`;
  if (button.className !== className) button.className = className;
  setText(button, text);
  setText(tip, advice);
}
