import { SIGNALS } from '../delivery/request.ts';
import { withoutSecrets } from '../delivery/url.ts';
import { type Config, defaults, type Environment, isDirect, isEndpointSet, isSet } from './config.ts';
import { nearestOf } from './misspelt.ts';
import { expectation, parse } from './schemas.ts';
import { type Setting, settings } from './settings.ts';

/** What the environment says of one setting. */
export interface Reading<Value = unknown> {
  /** The variable that users are told to set. */
  readonly variable: string;
  /** The variable that is set; `undefined` where the default holds. */
  readonly from: string | undefined;
  readonly value: Value;
  /** What is set, good or bad, else the default, as one would write it; without secrets. Empty where there is none. */
  readonly text: string;
  /** Where the value is bad: what is expected, and what holds instead. Without secrets, in one line. */
  readonly problem?: string;
}

const HIDDEN = '(hidden)';
const MAX_SHOWN = 100;

/** In the order in which users are shown them. Object.keys forgets that they are the table's. */
export const keys = Object.keys(settings) as readonly (keyof typeof settings)[];

/** Every variable that sets something. */
export function knownVariables(): string[] {
  return Object.values<Setting<unknown>>(settings).flatMap(({ variables, signalVariable }) => [
    ...variables,
    ...(signalVariable ? SIGNALS.map((signal) => signalVariable(signal)) : []),
  ]);
}

/** Reads the environment by the table of the settings. */
export function readSettings(environment: Environment): { config: Config; readings: readonly Reading[] } {
  const fallbacks = defaultsIn(environment);
  const config = new Map<string, unknown>();
  const readings: Reading[] = [];
  for (const key of keys) {
    const setting: Setting<unknown> = settings[key];
    const common = read(setting, setting.variables, fallbacks[key], environment);
    config.set(key, common.value);
    readings.push(common, ...readSignals(setting, common, environment));
  }
  for (const signal of SIGNALS) {
    const own = settings.protocol.signalVariable(signal);
    const reading = readings.find(({ variable }) => variable === own);
    config.set(`${signal}Protocol`, reading?.value ?? config.get('protocol'));
  }
  readings.push(...readMisspelt(environment));
  // Object.fromEntries forgets the keys' names; they are those of the table.
  return withoutConflicts({ config: Object.fromEntries(config) as Config, readings }, environment);
}

interface Settled {
  readonly config: Config;
  readonly readings: readonly Reading[];
}

/** Settings that are good by themselves, and not together. */
function withoutConflicts({ config, readings }: Settled, environment: Environment): Settled {
  const withProblem = (key: keyof typeof settings, problem: string) =>
    readings.map((reading) => (reading.variable === settings[key].variables[0] ? { ...reading, problem } : reading));
  if (config.datadogEnabled === true && config.datadogApiKey === undefined) {
    const problem = 'is true, but there is no DATADOG_API_KEY (or DD_API_KEY): nothing goes to Datadog by itself';
    return { config, readings: withProblem('datadogEnabled', problem) };
  }
  if (isDirect(config, environment) && config.temporality !== 'delta') {
    const problem = `is ${config.temporality}, which Datadog's own intake refuses: delta holds`;
    return { config: { ...config, temporality: 'delta' }, readings: withProblem('temporality', problem) };
  }
  return { config, readings };
}

/** One variable is enough for Prometheus, or for the live page: the rest would look for a Collector that nobody has. */
function defaultsIn(environment: Environment): Config {
  if (isEndpointSet(environment)) return defaults;
  const standing = <Value>(setting: Setting<Value>, fallback: Value) =>
    read(setting, setting.variables, fallback, environment).value;
  const metricsExporters = standing(settings.metricsExporters, defaults.metricsExporters);
  if (metricsExporters.length > 0 && !metricsExporters.includes('otlp')) {
    return { ...defaults, tracesExporters: [], logsExporters: [] };
  }
  const isLive = standing(settings.live, defaults.live);
  const namesDestination =
    EXPORTERS.some((variable) => isSet(variable, environment)) ||
    standing(settings.datadogEnabled, defaults.datadogEnabled) === true;
  if (!isLive || namesDestination) return defaults;
  return { ...defaults, metricsExporters: [], tracesExporters: [], logsExporters: [] };
}

const EXPORTERS = SIGNALS.map((signal) => settings[`${signal}Exporters`].variables[0]);

/** What is set for one signal alone. */
function readSignals(setting: Setting<unknown>, common: Reading, environment: Environment): Reading[] {
  const { signalVariable } = setting;
  if (signalVariable === undefined) return [];
  const isCommonGood = common.from !== undefined && common.problem === undefined;
  return SIGNALS.map((signal) => signalVariable(signal))
    .filter((variable) => isSet(variable, environment))
    .map((variable) => read(setting, [variable], common.value, environment, isCommonGood));
}

function read<Value>(
  setting: Setting<Value>,
  [variable, ...others]: readonly [string, ...string[]],
  fallback: Value,
  environment: Environment,
  hasNext = false,
): Reading<Value> {
  const from = [variable, ...others].find((name) => isSet(name, environment));
  const text = from === undefined ? undefined : environment[from];
  const standing = shown(setting.secret, format(fallback));
  if (text === undefined) return { variable, from: undefined, value: fallback, text: standing };
  const result = parse(setting.schema, text);
  const told = { variable, from, text: shown(setting.secret, text.trim()) };
  if (result !== undefined) return { ...told, value: result.value };

  const quoted = told.text === HIDDEN ? HIDDEN : JSON.stringify(told.text.slice(0, MAX_SHOWN));
  const outcome = setting.ifBad?.(text, hasNext);
  const consequence = outcome
    ? `is not that: ${outcome}`
    : `is ignored, ${standing.slice(0, MAX_SHOWN) || 'nothing'} holds`;
  return {
    ...told,
    value: fallback,
    problem: harmless(`takes ${expectation(setting.schema)}; ${quoted} ${consequence}`),
  };
}

/** Names that are probably a setting's, with a mistake. What they are set to is nobody's business. */
function readMisspelt(environment: Environment): Reading[] {
  const known = knownVariables();
  return Object.keys(environment).flatMap((variable) => {
    const meant = nearestOf(variable, known);
    if (meant === undefined || !isSet(variable, environment)) return [];
    return [
      { variable, from: variable, value: undefined, text: HIDDEN, problem: `is not known; did you mean ${meant}?` },
    ];
  });
}

/** As one would write it into a variable. */
export function format(value: unknown): string {
  return Array.isArray(value) ? value.join(',') || 'none' : String(value ?? '');
}

function shown(secret: Setting<unknown>['secret'], text: string): string {
  if (secret === undefined || text === '') return text;
  if (secret === 'all') return HIDDEN;
  return text
    .split(',')
    .map((url) => withoutSecrets(url.trim()) ?? HIDDEN)
    .join(',');
}

/** In one line, and nothing that a terminal would act upon. */
export function harmless(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
  });
}
