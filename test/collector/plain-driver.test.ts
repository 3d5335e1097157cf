import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clients } from '../../examples/transports.ts';
import { rlMetrics, trainingMetrics } from '../../src/catalogue/index.ts';
import { runNode } from '../support/child.ts';
import { type Collector, startCollector } from '../support/collector.ts';
import { type DatadogIntake, startDatadogIntake } from '../support/datadog-intake.ts';
import type { Series, Span } from '../support/datadog-wire.ts';
import { startTrainingServer } from '../support/training-server.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

const steps = 40;

/** How often a driver calls each: a rollout takes 128 decisions, 16 optimizer steps are made of it. */
const calls = {
  'signal.forward_backward': steps,
  'signal.optim_step': steps,
  'signal.sample': Math.ceil(steps / 16) * 128,
  'signal.save_state': 1,
};

/** What the plain driver has beyond the hand-instrumented one. */
const beyond = {
  // That one times the two operations of a step, and no other: what its code does not ask for, it does not get.
  'signal.performance.sample_duration_ms': { kind: 'sketch', value: calls['signal.sample'] },
  'signal.performance.save_state_duration_ms': { kind: 'sketch', value: 1 },
  // How much waits is for the host to say where it records its run itself. Nothing waits at the end.
  'signal.performance.queue_depth': { kind: 'gauge', value: 0 },
};

/** One metric of a run at Datadog. */
interface Arrival {
  readonly kind: Series['type'] | 'sketch';
  /** Each combination that came. */
  readonly tags: readonly string[];
  /** A gauge's last, a counter's total, how many values a sketch is of. */
  readonly value: number;
}

const resources = new AsyncDisposableStack();
let intake: DatadogIntake;
let collector: Collector;
let serverUrl: string;
/** The run of the hand-instrumented driver. */
let instrumented: string;

beforeAll(async () => {
  intake = resources.use(await startDatadogIntake());
  collector = resources.use(await startCollector({ env: intake.collectorEnv }));
  const server = resources.use(await startTrainingServer());
  serverUrl = server.url;
  instrumented = await drive('examples/train.ts');
});

afterAll(() => resources.disposeAsync());

describe('the hand-instrumented driver', () => {
  it('has every metric of training, and nothing counted twice, though its requests are seen, too', () => {
    const arrivals = metricsOf(instrumented);
    const expected = [...trainingMetrics, ...rlMetrics].map(({ name }) => name);
    expect([...arrivals.keys()]).toEqual(expect.arrayContaining(expected));
    const counted = ['training.step', 'performance.forward_backward_duration_ms', 'performance.optim_step_duration_ms'];
    for (const name of counted) expect([name, arrivals.get(`signal.${name}`)?.value]).toEqual([name, steps]);
  });

  it('has one span for a call: its own where it has one, which learns of the request', () => {
    const spans = spansOf(instrumented);
    expect(countsOf(spans)).toEqual(calls);
    const stepSpans = new Set(
      intake.spans.filter(({ resource }) => resource === 'train.step').map(({ spanId }) => spanId),
    );
    expect(stepSpans.size).toBe(steps);
    for (const { resource, parentId = '' } of spans) {
      const isInStep = resource === 'signal.forward_backward' || resource === 'signal.optim_step';
      expect([resource, stepSpans.has(parentId)]).toEqual([resource, isInStep]);
    }
  });
});

describe.each(clients)('a driver without telemetry code, by %s', (client) => {
  let plain: string;

  beforeAll(async () => {
    plain = await drive('examples/plain.ts', ['--client', client], { SIGNAL_TAGS: 'team:ml' });
  });

  it('shows every metric of the hand-instrumented one: kind, tags, last values, totals and counts', () => {
    const arrivals = metricsOf(plain);
    const expected = metricsOf(instrumented);
    expect([...arrivals.keys()].sort()).toEqual([...expected.keys(), ...Object.keys(beyond)].sort());
    for (const [name, arrival] of expected) expect([name, arrivals.get(name)]).toEqual([name, arrival]);
    const tags = expected.get('signal.training.loss')?.tags;
    expect(tags).toEqual([expect.stringMatching(/\bmodel:examples\/cartpole-mlp\b.*\bteam:ml\b.*\buser_id:user_/)]);
    for (const [name, arrival] of Object.entries(beyond)) {
      expect([name, arrivals.get(name)]).toEqual([name, { ...arrival, tags }]);
    }
  });

  it('shows a span for every call, with what those of the hand-instrumented one tell', () => {
    const spans = spansOf(plain);
    expect(countsOf(spans)).toEqual(calls);
    expect(spans.map(toldBy)).toEqual(spansOf(instrumented).map(toldBy));
    for (const { parentId, error, meta } of spans) {
      expect({ parentId, error, status: meta['http.response.status_code'] }).toEqual({
        parentId: undefined,
        error: false,
        status: '200',
      });
    }
    const described = (name: string, key: string) =>
      spans.filter(({ resource }) => resource === name).map(({ meta }) => meta[key]);
    const upFrom = (first: number) => Array.from({ length: steps }, (_, index) => String(first + index));
    // The step before the update, and the one after.
    expect(described('signal.forward_backward', 'step')).toEqual(upFrom(0));
    expect(described('signal.optim_step', 'step')).toEqual(upFrom(1));
    expect(new Set(described('signal.forward_backward', 'loss_fn'))).toEqual(new Set(['enhanced_ppo']));
    expect(new Set(described('signal.forward_backward', 'batch_size'))).toEqual(new Set(['4']));
    expect(new Set(described('signal.sample', 'batch_size'))).toEqual(new Set(['16']));
  });
});

describe('of all drivers', () => {
  it('every metric names its run, and nothing tells the key', () => {
    // Those of signal.otel are about the package itself.
    const ofPackage = [...intake.series, ...intake.sketches].filter(({ metric }) => /^signal\.(?!otel\.)/.test(metric));
    expect(ofPackage.filter(({ tags }) => !tags.some((tag) => tag.startsWith('run_id:run_')))).toEqual([]);
    const runs = new Set(ofPackage.flatMap(({ tags }) => tags.filter((tag) => tag.startsWith('run_id:'))));
    expect(runs.size).toBe(1 + clients.length);
    const spans = intake.spans.map(({ resource, meta }) => ({ resource, meta }));
    expect(JSON.stringify([ofPackage, spans, intake.logs])).not.toContain('sk-secret');
  });
});

/** Runs a driver under register to its end; gives the id of its run, once all of it is at the double. */
async function drive(driver: string, more: readonly string[] = [], env: Record<string, string> = {}): Promise<string> {
  const args = [driver, '--url', serverUrl, '--steps', String(steps), '--target-reward', '201', ...more];
  const result = await runNode(['--require', 'signal-otel/register', ...args], {
    cwd: root,
    env: {
      SIGNAL_API_KEY: 'sk-secret',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpEndpoint,
      // Everything at the end: what comes of several exports is for other tests.
      OTEL_METRIC_EXPORT_INTERVAL: '600000',
      DD_SERVICE: 'trainer',
      DD_ENV: 'test',
      // The numbers of a GPU would be others each time.
      SIGNAL_GPU_INTERVAL: '0',
      ...env,
    },
  });
  expect(result).toMatchObject({ code: 0, stderr: '' });
  const [, runId = ''] = /^Run (run_\w+):/m.exec(result.stdout) ?? [];
  // The process ends once the Collector has taken everything, and that answers once Datadog has.
  await intake.waitFor(() => metricsOf(runId).has('signal.training.loss') && spansOf(runId).length > 0);
  return runId;
}

function metricsOf(runId: string): Map<string, Arrival> {
  const sketches = intake.sketches.map(({ points, ...sketch }) => ({
    ...sketch,
    type: 'sketch' as const,
    points: points.map(({ timestampSeconds, count }) => ({ timestampSeconds, value: count })),
  }));
  const ofRun = [...intake.series, ...sketches].filter(({ tags }) => tags.includes(`run_id:${runId}`));
  const arrivals = new Map<string, Arrival>();
  for (const [name, all = []] of Object.entries(Object.groupBy(ofRun, ({ metric }) => metric))) {
    const [kind = 'unspecified', ...others] = new Set(all.map(({ type }) => type));
    expect([name, others]).toEqual([name, []]);
    const points = all.flatMap((each) => each.points).sort((a, b) => a.timestampSeconds - b.timestampSeconds);
    const values = points.map(({ value }) => value);
    arrivals.set(name, {
      kind,
      tags: [...new Set(all.map(({ tags }) => sharedTags(tags)))],
      value: kind === 'gauge' ? (values.at(-1) ?? Number.NaN) : values.reduce((sum, value) => sum + value, 0),
    });
  }
  return arrivals;
}

/** Those that a driver has in common with another. */
function sharedTags(tags: readonly string[]): string {
  return tags
    .filter((tag) => !/^(?:run_id|service\.instance\.id):/.test(tag))
    .sort()
    .join(' ');
}

/** In the order of the calls. */
function spansOf(runId: string): Span[] {
  const ofRun = intake.spans.filter(({ meta }) => meta.run_id === runId);
  return ofRun.sort((a, b) => Number(a.startUnixNano - b.startUnixNano));
}

function countsOf(spans: readonly Span[]): Record<string, number> {
  return Object.fromEntries(
    Object.entries(Object.groupBy(spans, ({ resource }) => resource)).map(([name, all = []]) => [name, all.length]),
  );
}

/** What is the same for each driver. */
function toldBy({ resource, service, env, meta }: Span) {
  const { run_id, 'url.path': path = '', ...told } = meta;
  return { resource, service, env, ...told, path: path.replace(run_id ?? '', '') };
}
