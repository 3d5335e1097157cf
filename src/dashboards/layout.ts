import { findMetric, type MetricDefinition, type MetricKind, type MetricName, runMetrics } from '../catalogue/index.ts';

/** What tells the series of a metric apart. Each backend has names of its own for some. */
export type Attribute =
  | 'run_id'
  | 'run_sampled'
  | 'check'
  | 'metric'
  | 'signal'
  | 'reason'
  | 'service'
  | 'host'
  | 'hw.id';

/** How the series of a metric become the lines of a chart. */
export interface ChartOptions {
  /** A line for each; for each run, or each service where the metric belongs to no run, where nothing is said. */
  readonly by?: readonly Attribute[];
  /** How a gauge's series become one line; the mean where nothing is said. */
  readonly aggregator?: 'avg' | 'max' | 'sum';
}

/** Of a histogram. */
export type Percentile = 'p50' | 'p99';

export const PERCENTILES: readonly Percentile[] = ['p50', 'p99'];

/** A chart of one metric or of some that are read together. */
export interface Chart {
  readonly title: string;
  readonly metrics: readonly MetricName[];
  readonly options: ChartOptions;
}

/** Charts side by side, which share the width. */
export type Row = readonly [Chart, ...Chart[]];

export interface Group {
  readonly title: string;
  readonly rows: readonly Row[];
}

/** What one looks at first, in the layout of Signal's own guide. */
export const overview: readonly Row[] = [
  [chart('Training loss', 'signal.training.loss'), chart('Learning rate', 'signal.training.learning_rate')],
  [chart('KL divergence', 'signal.rl.kl_divergence'), chart('Clip fraction', 'signal.rl.clip_fraction')],
  [
    chart('GPU utilization', 'signal.performance.gpu_utilization'),
    chart('Queue depth', 'signal.performance.queue_depth'),
  ],
  [chart('Forward-backward latency (p50, p99)', 'signal.performance.forward_backward_duration_ms')],
];

const perGpu: ChartOptions = { by: ['host', 'hw.id'] };

export const groups: readonly Group[] = [
  {
    title: 'Reinforcement learning',
    rows: [
      [chart('Mean reward', 'signal.rl.reward_mean'), chart('Policy entropy', 'signal.rl.entropy')],
      [
        chart('Explained variance', 'signal.rl.explained_variance'),
        chart('Policy loss', 'signal.rl.policy_loss'),
        chart('Value loss', 'signal.rl.value_loss'),
      ],
      [
        chart('Advantage, mean', 'signal.rl.advantage_mean'),
        chart('Advantage, standard deviation', 'signal.rl.advantage_std'),
      ],
    ],
  },
  {
    title: 'Training',
    rows: [
      [chart('Gradient norm', 'signal.training.grad_norm'), chart('Steps made', 'signal.training.step')],
      [
        chart('Current step', 'signal.training.current_step'),
        chart('Non-finite values, by metric', 'signal.training.non_finite', { by: ['run_id', 'metric'] }),
      ],
    ],
  },
  {
    title: 'Health',
    rows: [
      [
        chart('Status by check: 0 ok, 1 warning, 2 critical', 'signal.health.status', {
          by: ['run_id', 'check'],
          aggregator: 'max',
        }),
      ],
    ],
  },
  {
    title: 'Durations',
    rows: [[chart('Optimizer step (p50, p99)', 'signal.performance.optim_step_duration_ms')]],
  },
  {
    title: 'GPUs',
    rows: [
      [
        chart('GPU memory used, as the server reports it', 'signal.performance.gpu_memory_used_gb'),
        chart('Utilization by GPU', 'hw.gpu.utilization', perGpu),
      ],
      [
        chart('Memory by GPU, used and there', ['hw.gpu.memory.usage', 'hw.gpu.memory.limit'], perGpu),
        chart('Share of memory in use by GPU', 'hw.gpu.memory.utilization', perGpu),
      ],
      [chart('Temperature by GPU', 'hw.temperature', perGpu), chart('Power by GPU', 'hw.power', perGpu)],
    ],
  },
  {
    title: 'Delivery of this telemetry',
    rows: [
      [
        chart('Delivered, by signal', 'signal.otel.points_exported', { by: ['signal'] }),
        chart('Lost, by signal and reason', 'signal.otel.points_dropped', { by: ['signal', 'reason'] }),
      ],
      [
        chart('Requests that wait', 'signal.otel.queue_length', { aggregator: 'max' }),
        chart('Bytes that wait', 'signal.otel.queue_bytes', { aggregator: 'max' }),
        chart('Seconds since the last delivery, by signal', 'signal.otel.last_success_age', {
          by: ['service', 'signal'],
          aggregator: 'max',
        }),
      ],
      [
        chart('Live series', 'signal.otel.series', { aggregator: 'max' }),
        chart('Runs under way, by whether they send metrics', 'signal.otel.runs', {
          by: ['run_sampled'],
          aggregator: 'sum',
        }),
      ],
      [
        chart('Points reduced', 'signal.otel.points_reduced'),
        chart('Series evicted', 'signal.otel.series_evicted'),
        chart('Measurements refused', 'signal.otel.measurements_refused'),
      ],
    ],
  },
];

const ofRuns: ReadonlySet<MetricName> = new Set(runMetrics.map(({ name }) => name));

/** Others belong to a process or a machine: their series have none of a run's tags. */
export function isOfRun(name: MetricName): boolean {
  return ofRuns.has(name);
}

export function attributesOf(name: MetricName, { by }: ChartOptions): readonly Attribute[] {
  return by ?? (isOfRun(name) ? ['run_id'] : ['service']);
}

export function kindOf(name: MetricDefinition['name']): MetricKind {
  const metric = findMetric(name);
  if (metric === undefined) throw new TypeError(`There is no metric ${name} in the catalogue`);
  return metric.kind;
}

function chart(title: string, metrics: MetricName | readonly MetricName[], options: ChartOptions = {}): Chart {
  return { title, metrics: typeof metrics === 'string' ? [metrics] : metrics, options };
}
