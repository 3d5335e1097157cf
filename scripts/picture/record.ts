import { writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runNode } from '../../test/support/child.ts';
import { startCollector } from '../../test/support/collector.ts';
import { startDatadogApi } from '../../test/support/datadog-api.ts';
import { startDatadogIntake } from '../../test/support/datadog-intake.ts';
import type { Series, Sketch } from '../../test/support/datadog-wire.ts';
import { root } from '../../test/support/driver.ts';
import { TemporaryFolder } from '../../test/support/temporary-folder.ts';
import { startTrainingServer } from '../../test/support/training-server.ts';

/** An event, as the charts show it. */
export interface Mark {
  readonly timestampSeconds: number;
  readonly alertType: string;
}

/** What Datadog would have of the training. */
export interface Recording {
  readonly series: readonly Series[];
  readonly sketches: readonly Sketch[];
  readonly events: readonly Mark[];
}

export interface RecordOptions {
  /** Optimizer steps of each run. */
  readonly steps: number;
  /** Those of the second run that diverge. */
  readonly diverge: string;
}

const KEY = 'key-of-the-picture';
/** What the stand-in calls its GPUs. */
const STAND_IN = 'hw.model:Stand-in';

/** Of both runs. */
const environment = {
  SIGNAL_API_KEY: 'sk-picture',
  DATADOG_API_KEY: KEY,
  DD_ENV: 'example',
  DD_SERVICE: 'cartpole',
  OTEL_METRIC_EXPORT_INTERVAL: '1000',
  SIGNAL_GPU_INTERVAL: '1000',
  // Else a point is what the last step of a second had, and a short divergence can fall between two.
  SIGNAL_STEP_RESOLUTION: 'all',
};

const nvidiaSmi = fileURLToPath(new URL('nvidia-smi.ts', import.meta.url));

/** Trains two policies side by side under register, and keeps what arrives by a real Collector and as events. */
export async function record({ steps, diverge }: RecordOptions): Promise<Recording> {
  await using intake = await startDatadogIntake({ apiKey: KEY });
  await using api = await startDatadogApi({ apiKey: KEY });
  await using collector = await startCollector({ env: intake.collectorEnv });
  await using server = await startTrainingServer();
  using tools = new TemporaryFolder();
  standInForGpus(tools.path);
  const env = {
    ...environment,
    PATH: [process.env.PATH, tools.path].join(delimiter),
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpEndpoint,
    DATADOG_HOST: api.url,
  };
  const program = ['examples/plain.ts', '--url', server.url, '--steps', String(steps), '--target-reward', '200'];
  await Promise.all([
    drive([...program, '--seed', '1'], env),
    drive([...program, '--seed', '2', '--diverge', diverge], env),
  ]);
  return {
    series: intake.series,
    sketches: intake.sketches,
    events: api.events.map(({ alertType, dateHappened }) => ({
      alertType: String(alertType ?? 'info'),
      timestampSeconds: dateHappened ?? 0,
    })),
  };
}

async function drive(program: readonly string[], env: Readonly<Record<string, string>>): Promise<void> {
  const args = ['--require', 'signal-otel/register', ...program];
  const { code, stdout, stderr } = await runNode(args, { cwd: root, env, timeoutMillis: 600_000 });
  if (code !== 0) throw new Error(`A run of the example failed:\n${stdout}${stderr}`);
}

/** Last on the PATH: a machine with GPUs shows its own. */
function standInForGpus(folder: string): void {
  const script = `#!/bin/sh\nexec '${process.execPath}' '${nvidiaSmi}' "$@"\n`;
  writeFileSync(join(folder, 'nvidia-smi'), script, { mode: 0o755 });
}

/** Says below the picture what it shows, and what of it nobody has measured. */
export function originOf({ series }: Recording): string {
  const origin =
    "Two runs of examples/plain.ts under signal-otel/register, the second with --diverge, as a double of Datadog's intake got them.";
  const isStandIn = series.some(({ tags }) => tags.includes(STAND_IN));
  return isStandIn ? `${origin} The GPU is a stand-in: its values are made up.` : origin;
}
