import {
  type HealthLevel,
  type HealthRule,
  type HealthRuleField,
  type HealthThreshold,
  healthRules,
  isUpper,
  shortName,
  toCamelCase,
} from '../catalogue/index.ts';
import { readOptions } from '../otel/options.ts';

/** Thresholds of one rule for one run, in place of the catalogue's; what is left out stays. */
export interface HealthRuleOptions {
  /** In the unit of what is judged: a value, a share (`entropyDrop`), standard deviations (`lossSpike`), seconds (`stalled`). */
  readonly warning?: number | undefined;
  /** In the same unit; beyond `warning`. */
  readonly critical?: number | undefined;
  /** How many values in a row have to be as bad until the status is. */
  readonly patience?: number | undefined;
}

/**
 * How the health of a run is judged: thresholds by rule, `false` for a rule that is not wanted.
 * @example
 * ```ts
 * { klDivergence: { warning: 2, critical: 5 }, stalled: { critical: 3600 }, explainedVariance: false }
 * ```
 */
export interface HealthOptions
  extends Readonly<Partial<Record<HealthRuleField, HealthRuleOptions | false | undefined>>> {
  /** The least time between two alarms of one rule and level, in milliseconds. Default 60 000. */
  readonly pauseMillis?: number | undefined;
}

/** The rules that hold for a run. */
export interface CheckedHealth {
  readonly rules: readonly HealthRule[];
  readonly pauseMillis: number;
}

const DEFAULT_PAUSE_MILLIS = 60_000;
const MAX_PATIENCE = 1_000_000;

/** The name of a rule as an option: `klDivergence`. */
export function healthField({ check }: Pick<HealthRule, 'check'>): HealthRuleField {
  // The type says the same of the same names; the compiler does not follow the text.
  return toCamelCase(shortName(check)) as HealthRuleField;
}

const FIELDS = healthRules.map((rule) => healthField(rule));

/** @throws TypeError saying what to write instead. */
export function checkHealth(where: string, health: HealthOptions | boolean | undefined): CheckedHealth {
  if (health === false) return { rules: [], pauseMillis: DEFAULT_PAUSE_MILLIS };
  if (health === undefined || health === true) return { rules: healthRules, pauseMillis: DEFAULT_PAUSE_MILLIS };
  const place = `${where}: health`;
  const options = readOptions<HealthOptions>(place, health, ['pauseMillis', ...FIELDS]);
  const { pauseMillis = DEFAULT_PAUSE_MILLIS } = options;
  if (!(typeof pauseMillis === 'number' && pauseMillis >= 0 && pauseMillis < Number.POSITIVE_INFINITY)) {
    throw new TypeError(`${place}: pauseMillis must be a number of milliseconds from 0`);
  }
  const rules = healthRules.flatMap((rule): HealthRule[] => {
    const field = healthField(rule);
    const given = options[field];
    if (given === false) return [];
    return [given === undefined ? rule : changed(`${place}: ${field}`, rule, given)];
  });
  return { rules, pauseMillis };
}

function changed(where: string, rule: HealthRule, given: HealthRuleOptions): HealthRule {
  const { patience = rule.patience, ...levels } = readOptions(where, given, ['warning', 'critical', 'patience']);
  if (!(Number.isSafeInteger(patience) && patience >= 1 && patience <= MAX_PATIENCE)) {
    throw new TypeError(`${where}: patience must be a whole number from 1`);
  }
  const warning = threshold(where, rule, 'warning', levels.warning);
  const critical = threshold(where, rule, 'critical', levels.critical);
  if (warning !== undefined && critical !== undefined) {
    const isOrdered = isUpper(critical) ? warning.value <= critical.value : warning.value >= critical.value;
    if (!isOrdered) {
      const side = isUpper(critical) ? 'below' : 'above';
      throw new TypeError(
        `${where}: critical (${critical.value}) must not be ${side} warning (${warning.value}); set both`,
      );
    }
  }
  return { ...rule, patience, ...(warning && { warning }), ...(critical && { critical }) };
}

/** The threshold of a level, which compares as the rule's own does. */
function threshold(
  where: string,
  rule: HealthRule,
  level: HealthLevel,
  value: number | undefined,
): HealthThreshold | undefined {
  if (value === undefined) return rule[level];
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new TypeError(`${where}: ${level} must be a number`);
  const model = rule[level] ?? rule.critical ?? rule.warning;
  return model && { when: model.when, value };
}

const ENTRY = /^([a-z_]+)(?:\.(warning|critical|patience))?=(\S+)$/;

/**
 * Reads the text form of the options: `kl_divergence.critical=0.5,stalled.critical=1200,explained_variance=off`, or
 * `off`.
 * @throws TypeError saying what to write instead.
 */
export function parseHealth(text: string): HealthOptions | false {
  if (text === 'off') return false;
  const options: Record<string, Record<string, number> | false> = {};
  for (const entry of text.split(',')) {
    const [, rule = '', option, value = ''] = ENTRY.exec(entry.trim()) ?? [];
    const field = toCamelCase(rule);
    if (rule === '') throw new TypeError(`${entry} does not read rule.critical=number`);
    if (option === undefined) {
      if (value !== 'off') throw new TypeError(`${rule} takes off, or .warning, .critical, .patience and a number`);
      options[field] = false;
    } else options[field] = { ...options[field], [option]: Number(value) };
  }
  checkHealth('SIGNAL_HEALTH', options);
  return options;
}
