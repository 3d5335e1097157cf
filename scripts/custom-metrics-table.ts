import { healthRules, runMetrics } from '../src/catalogue/index.ts';
import { OF_DISTRIBUTION, OF_PERCENTILES } from '../src/dashboards/datadog-custom-metrics.ts';
import { NON_FINITE } from '../src/run/values.ts';

/** What the table in docs/scale.md takes for granted beside the catalogue. */
export const RUNS_OF_A_PROCESS = 10;
const SAMPLED_SHARE = 0.01;
const RUNS = [1e3, 1e5, 1e7];

/** How many custom metrics at Datadog so many runs at a time are, by what the metrics leave out. */
export function customMetricsTable(): string {
  const all = customMetricsOf(() => true);
  const performance = customMetricsOf((name) => name.startsWith('signal.performance.'));
  const rows: readonly (readonly [string, number])[] = [
    ['nothing: `run_id` and `user_id` on every metric', all],
    ['`user_id` alone, which a `run_id` implies', all],
    ['`run_id` of `signal.performance.*`', all - performance + performance / RUNS_OF_A_PROCESS],
    ['`run_id`, where the runs of a process have one user', all / RUNS_OF_A_PROCESS],
    ['`run_id` and `user_id`', all / RUNS_OF_A_PROCESS],
    [`${(1 - SAMPLED_SHARE) * 100} % of the runs (\`SIGNAL_RUN_SAMPLE_RATIO=${SAMPLED_SHARE}\`)`, all * SAMPLED_SHARE],
  ];
  return [
    ['left out', ...RUNS.map((runs) => `${grouped(runs)} runs`)],
    ['---', ...RUNS.map(() => '---')],
    ...rows.map(([name, ofRun]) => [name, ...RUNS.map((runs) => grouped(ofRun * runs))]),
  ]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

/** Of one run that has every metric of the table, values that are not finite apart. */
export function customMetricsOf(isCounted: (name: string) => boolean): number {
  return runMetrics
    .filter(({ name }) => name !== NON_FINITE && isCounted(name))
    .reduce((sum, { name, kind }) => {
      const series = name === 'signal.health.status' ? healthRules.length : 1;
      return sum + series * (kind === 'histogram' ? OF_DISTRIBUTION + OF_PERCENTILES : 1);
    }, 0);
}

function grouped(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ' ');
}
