import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { loadavg } from 'node:os';
import { createInterface } from 'node:readline';
import { count, number } from '../support/format.ts';
import { environment, packageFolder, Worker } from '../support/parent.ts';
import type { Results, Section, SectionContext } from '../support/results.ts';
import { summarise } from '../support/statistics.ts';
import { type Frames, MeasuredPage } from './browser.ts';
import { METRICS, STEPS_PER_SECOND } from './load.ts';

const RUNS = 10;
const STEPS = 100_000;
const ROUNDS = 3;
const SECONDS = 10;
/** 60 of a display with 60 Hz, which are never counted exactly. */
const WANTED_FRAMES = 59.5;

/** How the page may be looked at; each after the one before. */
const VIEWS: Readonly<Record<string, (page: MeasuredPage) => Promise<void>>> = {
  'by step': ({ page }) => page.getByRole('radio', { name: 'Step' }).check(),
  'by time': ({ page }) => page.getByRole('radio', { name: 'Time' }).check(),
  'by step, smoothed': async ({ page }) => {
    await page.getByRole('radio', { name: 'Step' }).check();
    await page.getByRole('slider', { name: /^Smoothing/ }).fill('0.9');
  },
};

interface Round {
  readonly firstChartMillis: number;
  readonly frames: ReadonlyMap<string, Frames>;
}

async function run({ quick, progress }: SectionContext): Promise<Results> {
  const sizes = quick
    ? { rounds: 1, seconds: 1, steps: STEPS / 20 }
    : { rounds: ROUNDS, seconds: SECONDS, steps: STEPS };
  const loadBefore = loadavg()[0] ?? Number.NaN;
  const demo: Round[] = [];
  const many: Round[] = [];
  const own = await Worker.start(new URL('./runs.ts', import.meta.url), []);
  try {
    progress('a step with and without the page');
    const nanos = { with: [] as number[], without: [] as number[] };
    for (let round = 0; round < (quick ? 3 : 15); round++) {
      nanos.without.push((await own.ask({ record: sizes.steps / 2, observed: 0 })).nanos ?? Number.NaN);
      nanos.with.push((await own.ask({ record: sizes.steps / 2, observed: 1 })).nanos ?? Number.NaN);
    }
    progress('filling the runs');
    await own.ask({ fill: sizes.steps, runs: RUNS });
    const {
      snapshotMillis = Number.NaN,
      newsMillis = Number.NaN,
      snapshotBytes = Number.NaN,
    } = await own.ask({
      snapshot: 15,
    });
    const { port } = await own.ask({ serve: 1 });
    for (let round = 0; round < sizes.rounds; round++) {
      progress(`round ${round + 1}`);
      many.push(await look(`http://127.0.0.1:${port}/`, VIEWS, sizes.seconds));
    }
    own.stop();
    for (let round = 0; round < sizes.rounds; round++) demo.push(await lookAtDemo(sizes.seconds));
    const what = `${RUNS} runs of ${count(sizes.steps)} steps`;
    const all = [...rowsOf('the demo', demo), ...rowsOf(what, many)];
    return {
      tables: [
        {
          title: 'The page in the browser',
          columns: [
            '',
            'frames/s',
            'middle half',
            '95th percentile between frames, ms',
            'main thread, ms of 1 s',
            'first chart, ms',
          ],
          rows: all.map(({ row }) => row),
        },
        {
          title: 'The page in the process that trains',
          columns: ['', 'without the page', 'with it'],
          rows: [
            [
              'a step of a collector, ns',
              number(summarise(nanos.without).median),
              number(summarise(nanos.with).median),
            ],
            [`all of ${what}, once for each page that opens, ms`, '', number(snapshotMillis)],
            ['the same, MB', '', number(snapshotBytes / 2 ** 20)],
            ['what is new, ten times in a second while a page is open, ms', '', number(newsMillis)],
          ],
        },
      ],
      targets: all.map(({ what: shown, frames }) => ({
        what: `live page, ${shown}: frames in a second`,
        limit: `at least ${WANTED_FRAMES}`,
        value: frames.toFixed(1),
        isMet: frames >= WANTED_FRAMES,
      })),
      notes: [
        `Each run has ${METRICS} metrics and takes ${STEPS_PER_SECOND} steps a second while it is looked at. ` +
          `Medians of ${sizes.rounds} rounds of ${sizes.seconds} s. Headless Chromium draws by software, on the processors that the runs have, too.`,
        `Load of the machine before the section: ${loadBefore.toFixed(1)}, after it: ${(loadavg()[0] ?? Number.NaN).toFixed(1)}, its own included.`,
      ],
    };
  } finally {
    own.stop();
  }
}

function rowsOf(what: string, rounds: readonly Round[]) {
  const first = summarise(rounds.map(({ firstChartMillis }) => firstChartMillis));
  return [...(rounds[0]?.frames.keys() ?? [])].map((view, index) => {
    const of = (pick: (frames: Frames) => number) =>
      summarise(rounds.flatMap(({ frames }) => frames.get(view) ?? []).map(pick));
    const perSecond = of((frames) => frames.perSecond);
    const row = [
      `${what}, ${view}`,
      perSecond.median.toFixed(1),
      `${perSecond.low.toFixed(1)} to ${perSecond.high.toFixed(1)}`,
      number(of((frames) => frames.p95Millis).median),
      number(of((frames) => frames.busyMillis).median),
      index === 0 ? number(first.median) : '',
    ];
    return { what: `${what}, ${view}`, frames: perSecond.median, row };
  });
}

async function look(url: string, views: typeof VIEWS, seconds: number): Promise<Round> {
  await using measured = await MeasuredPage.open(url);
  const frames = new Map<string, Frames>();
  for (const [name, choose] of Object.entries(views)) {
    await choose(measured);
    frames.set(name, await measured.frames(seconds));
  }
  return { firstChartMillis: measured.firstChartMillis, frames };
}

/** One run, as `signal-otel demo` has it: by step, for as long as it goes on. */
async function lookAtDemo(seconds: number): Promise<Round> {
  const args = ['dist/cli/main.js', 'demo', '--no-open', '--port', '0', '--target-reward', '201'];
  const child = spawn(process.execPath, args, {
    cwd: packageFolder,
    env: { PATH: environment.PATH, HOME: environment.HOME },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(child, 'exit');
  try {
    for await (const line of createInterface({ input: child.stderr })) {
      const url = /live page at (\S+)/.exec(line)?.[1];
      const views = { 'by step': async () => {} };
      if (url !== undefined) return await look(url, views, seconds);
    }
    throw new Error('The demo names no page');
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}

export const live: Section = { name: 'live', title: 'The live page', run };
