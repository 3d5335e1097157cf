import { setTimeout as wait } from 'node:timers/promises';
import type { WriteStream } from 'node:tty';
import { styleText } from 'node:util';
import { healthRules, type MetricName } from '../catalogue/index.ts';
import type { Status, WireProgress, WireRunProgress } from '../live/protocol.ts';
import { counted, oneLine } from '../otel/text.ts';
import { FootLine } from './foot-line.ts';

const INTERVAL_MILLIS = 500;
/** A program that computes for so long is asked again, and what was shown stays. */
const TIMEOUT_MILLIS = 5_000;
const RATE_MILLIS = 5_000;
const MAX_RUN_ID = 30;

const KL: MetricName = 'signal.rl.kl_divergence';
const klChecks = healthRules.filter(({ metric }) => metric === KL).map(({ check }) => check);
const colours = { ok: 'green', warning: 'yellow', critical: 'red' } as const;

/**
 * Shows the newest run of a live page in the last row of a terminal.
 * @returns ends it.
 */
export function showProgress(pageUrl: string, terminal: WriteStream): () => void {
  const line = new FootLine(terminal);
  const ending = new AbortController();
  void follow(pageUrl, ending.signal, (progress, stepsPerSecond) => {
    line.show(inOneRow(partsOf(progress, stepsPerSecond), line.columns, terminal));
  });
  return () => {
    ending.abort();
    line.end();
  };
}

async function follow(
  pageUrl: string,
  ending: AbortSignal,
  show: (progress: KnownProgress, stepsPerSecond: number | undefined) => void,
): Promise<void> {
  const speed = new Speed();
  while (!ending.aborted) {
    const progress = await fetchProgress(pageUrl, ending);
    if (progress !== undefined && isKnown(progress) && !ending.aborted) show(progress, speed.after(progress.run));
    await wait(INTERVAL_MILLIS, undefined, { ref: false });
  }
}

type KnownProgress = WireProgress & { readonly run: WireRunProgress };

function isKnown(progress: WireProgress): progress is KnownProgress {
  return progress.run !== null;
}

/** `undefined` while there is no page, and where it does not answer. */
async function fetchProgress(pageUrl: string, ending: AbortSignal): Promise<WireProgress | undefined> {
  try {
    const signal = AbortSignal.any([ending, AbortSignal.timeout(TIMEOUT_MILLIS)]);
    const response = await fetch(new URL('/api/progress', pageUrl), { signal });
    return response.ok ? JSON.parse(await response.text()) : undefined;
  } catch {
    return undefined;
  }
}

/** Steps in a second, of the last seconds of a run. */
class Speed {
  #runId = '';
  #samples: { readonly millis: number; readonly step: number }[] = [];

  /** `undefined` until it is known. */
  after({ runId, step }: WireRunProgress): number | undefined {
    if (step === null) return undefined;
    const millis = performance.now();
    const isAnother = runId !== this.#runId || step < (this.#samples.at(-1)?.step ?? step);
    this.#runId = runId;
    if (isAnother) this.#samples = [];
    this.#samples.push({ millis, step });
    while ((this.#samples[1]?.millis ?? millis) <= millis - RATE_MILLIS) this.#samples.shift();
    const [first] = this.#samples;
    if (first === undefined || first.millis === millis) return undefined;
    return ((step - first.step) * 1_000) / (millis - first.millis);
  }
}

interface Part {
  readonly text: string;
  readonly colour?: (typeof colours)[Status];
}

function partsOf({ run, others }: KnownProgress, stepsPerSecond: number | undefined): Part[] {
  const { runId, step, values, statuses } = run;
  const value = (label: string, metric: MetricName, unit = ''): Part[] => {
    const newest = values[metric];
    return newest === undefined ? [] : [{ text: `${label} ${shortened(Number(newest))}${unit}` }];
  };
  const klStatus = worst(klChecks.flatMap((check) => statuses[check] ?? []));
  return [
    ...(others > 0 ? [{ text: oneLine(runId, MAX_RUN_ID) }] : []),
    ...(step === null ? [] : [{ text: `step ${step}` }]),
    ...value('loss', 'signal.training.loss'),
    ...value('reward', 'signal.rl.reward_mean'),
    ...value('KL', KL).map(({ text }) => ({
      // Without colours, or for whoever cannot tell them, too.
      text: klStatus === 'ok' ? text : `${text} (${klStatus})`,
      colour: colours[klStatus],
    })),
    ...(stepsPerSecond === undefined ? [] : [{ text: `${shortened(stepsPerSecond, 2)} steps/s` }]),
    ...value('p99', 'signal.performance.forward_backward_duration_ms', ' ms'),
    ...(others > 0 ? [{ text: `and ${counted(others, 'run')} more` }] : []),
  ];
}

function worst(statuses: readonly Status[]): Status {
  return (['critical', 'warning'] as const).find((status) => statuses.includes(status)) ?? 'ok';
}

function shortened(value: number, digits = 4): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(digits))) : String(value);
}

const GAP = '  ';

/** As many of the parts as there is room for. */
function inOneRow(parts: readonly Part[], columns: number, stream: WriteStream): string {
  let width = 0;
  const fitting = parts.filter(({ text }, index) => {
    width += text.length + (index > 0 ? GAP.length : 0);
    return width <= columns;
  });
  return fitting
    .map(({ text, colour }) => (colour === undefined ? text : styleText(colour, text, { stream })))
    .join(GAP);
}
