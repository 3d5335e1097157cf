import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { type ClientName, clients } from './transports.ts';

/** Of the training alone: where its server is known. */
export const trainingUsage = `  --steps N            optimizer steps at most (default 4000)
  --target-reward R    stop once the mean return of the last 100 episodes is above R (default 150, highest 200)
  --learning-rate LR   learning rate of the optimizer (default 0.001)
  --diverge FROM:TO    from optimizer step FROM to TO 100 times the learning rate, to see the alarms
  --seed N             seed of the network and the environments (default 1)
  --quiet              no line of progress
  --json FILE          write the final values to FILE as JSON`;

const commonUsage = `  --url URL            base URL of the API (default: SIGNAL_BASE_URL)
${trainingUsage}
  --help               show this text

SIGNAL_API_KEY holds the API key.`;

export const usage = `Usage: node --require signal-otel/register examples/train.ts [options]

Trains a CartPole policy with PPO over Signal's API.

${commonUsage}`;

export const plainUsage = `Usage: node --require signal-otel/register examples/plain.ts [options]

Trains a CartPole policy with PPO over Signal's API, without telemetry code.

  --client CLIENT      who speaks HTTP: ${clients.join(', ')} (default fetch)
${commonUsage}`;

export interface TrainOptions {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly steps: number;
  readonly targetReward: number;
  readonly learningRate: number;
  /** The optimizer steps, from the first to before the last, that diverge. */
  readonly diverge: { readonly from: number; readonly to: number } | undefined;
  readonly seed: number;
  readonly quiet: boolean;
  readonly json: string | undefined;
}

/** For the local training server, which takes any key: a real one has no business there. */
export const localKey = { SIGNAL_API_KEY: 'sk-local-demo' };

export interface PlainOptions extends TrainOptions {
  readonly client: ClientName;
}

/** A command line or an environment that the user has to correct. */
export class UsageError extends Error {}

const commonOptions = {
  url: { type: 'string' },
  steps: { type: 'string', default: '4000' },
  'target-reward': { type: 'string', default: '150' },
  'learning-rate': { type: 'string', default: '0.001' },
  diverge: { type: 'string' },
  seed: { type: 'string', default: '1' },
  quiet: { type: 'boolean', default: false },
  json: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const satisfies ParseArgsOptionsConfig;

const plainOptions = {
  ...commonOptions,
  client: { type: 'string', default: 'fetch' },
} as const satisfies ParseArgsOptionsConfig;

/** Undefined where the user asked for the help text. */
export function readOptions(args: readonly string[], env: NodeJS.ProcessEnv): TrainOptions | undefined {
  const values = parse(args, commonOptions);
  return values.help ? undefined : checked(values, env);
}

/** The same of the driver without telemetry code. */
export function readPlainOptions(args: readonly string[], env: NodeJS.ProcessEnv): PlainOptions | undefined {
  const values = parse(args, plainOptions);
  if (values.help) {
    return undefined;
  }
  const client = clients.find((each) => each === values.client);
  if (client === undefined) {
    throw new UsageError(`--client does not take ${JSON.stringify(values.client)}`);
  }
  return { ...checked(values, env), client };
}

function checked(values: ReturnType<typeof parse<typeof commonOptions>>, env: NodeJS.ProcessEnv): TrainOptions {
  const baseUrl = values.url ?? env.SIGNAL_BASE_URL;
  if (baseUrl === undefined || !URL.canParse(baseUrl)) {
    throw new UsageError('Give the base URL of the API: --url http://127.0.0.1:8000, or SIGNAL_BASE_URL');
  }
  if (!env.SIGNAL_API_KEY) {
    throw new UsageError('Set SIGNAL_API_KEY to your API key (sk-...)');
  }
  return {
    baseUrl,
    apiKey: env.SIGNAL_API_KEY,
    steps: readNumber('--steps', values.steps, (value) => Number.isInteger(value) && value >= 1),
    targetReward: readNumber('--target-reward', values['target-reward'], Number.isFinite),
    learningRate: readNumber('--learning-rate', values['learning-rate'], (value) => value > 0 && value <= 1),
    diverge: values.diverge === undefined ? undefined : readRange('--diverge', values.diverge),
    seed: readNumber('--seed', values.seed, (value) => Number.isInteger(value) && value >= 0),
    quiet: values.quiet,
    json: values.json,
  };
}

function parse<Options extends ParseArgsOptionsConfig>(args: readonly string[], options: Options) {
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(error.message) : error;
  }
}

function readNumber(name: string, text: string, isAllowed: (value: number) => boolean): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!isAllowed(value)) {
    throw new UsageError(`${name} does not take ${JSON.stringify(text)}`);
  }
  return value;
}

function readRange(name: string, text: string): { from: number; to: number } {
  const [, from, to] = /^(\d+):(\d+)$/.exec(text.trim()) ?? [];
  if (from === undefined || to === undefined || Number(from) >= Number(to)) {
    throw new UsageError(`${name} takes two optimizer steps, such as 64:80, not ${JSON.stringify(text)}`);
  }
  return { from: Number(from), to: Number(to) };
}
