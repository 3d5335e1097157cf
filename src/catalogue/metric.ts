import { HARDWARE_NAMESPACE, NAMESPACE } from './naming.ts';

/** An instrument of OpenTelemetry. */
export type MetricKind = 'gauge' | 'counter' | 'histogram' | 'upDownCounter';

/** Where a healthy run usually stays. A missing bound is open; `{}` says that it varies from run to run. */
export interface TypicalRange {
  /** In the metric's unit. */
  readonly min?: number;
  /** In the metric's unit. */
  readonly max?: number;
}

/** What a definition says. */
interface Definition<Namespace extends string, Kind extends MetricKind, Unit extends string> {
  /** Full name, the same in every backend: `<namespace>.<family>.<snake_case>`. */
  readonly name: `${Namespace}.${string}`;
  /** The instrument that records it. */
  readonly kind: Kind;
  /**
   * Of the package's own metrics a UCUM annotation such as `{ms}`. Plain units would change the name: for `ms` the
   * Collector's Prometheus exporter appends `_milliseconds`, for `1` on a gauge `_ratio`, for `%` `_percent`; an
   * annotation is left out of names by every backend. Of the hardware's metrics what OpenTelemetry's conventions say.
   */
  readonly unit: Unit;
  /** What it measures, in a line. */
  readonly description: string;
  /** Where a healthy run usually stays. */
  readonly typicalRange: TypicalRange;
}

type OwnMetricDefinition = Definition<typeof NAMESPACE, Exclude<MetricKind, 'upDownCounter'>, `{${string}}`>;
type HardwareMetricDefinition = Definition<
  typeof HARDWARE_NAMESPACE,
  Exclude<MetricKind, 'histogram'>,
  '1' | 'By' | 'Cel' | 'W'
>;

/** One metric, declared once: instruments, result mapping, tables and dashboards all follow from it. */
export type MetricDefinition = OwnMetricDefinition | HardwareMetricDefinition;

interface Rules {
  readonly name: RegExp;
  /** What a name has to read like, for the message. */
  readonly nameForm: string;
  readonly kinds: readonly MetricKind[];
  readonly unit: RegExp;
  readonly unitForm: string;
}

const OWN: Rules = {
  name: new RegExp(`^${NAMESPACE}(\\.[a-z][a-z0-9]*(_[a-z0-9]+)*){2,}$`),
  nameForm: `${NAMESPACE}.<family>.<snake_case>`,
  kinds: ['gauge', 'counter', 'histogram'],
  unit: /^\{[a-z][A-Za-z0-9_/ ]*\}$/i,
  unitForm: 'an annotation in braces, such as {ms}',
};

const HARDWARE: Rules = {
  name: new RegExp(`^${HARDWARE_NAMESPACE}(\\.[a-z][a-z0-9]*(_[a-z0-9]+)*)+$`),
  nameForm: `${HARDWARE_NAMESPACE}.<what the conventions say>`,
  kinds: ['gauge', 'counter', 'upDownCounter'],
  unit: /^(1|By|Cel|W)$/,
  unitForm: 'that of the conventions: 1, By, Cel or W',
};

/** As a reader sees it: without the braces of an annotation. */
export function shownUnit({ unit }: Pick<MetricDefinition, 'unit'>): string {
  return unit.replace(/^\{(.*)\}$/, '$1');
}

/**
 * Checks a family of definitions and returns it as it came, so that its literal types survive, but frozen: what is
 * exported cannot be changed by those who read it.
 * @throws TypeError naming the definition and what to write instead.
 */
export function defineMetrics<const Definitions extends readonly MetricDefinition[]>(
  definitions: Definitions,
): Definitions {
  for (const definition of definitions) checkDefinition(definition);
  checkUnique(definitions);
  for (const definition of definitions) {
    Object.freeze(definition.typicalRange);
    Object.freeze(definition);
  }
  Object.freeze(definitions);
  return definitions;
}

/** @throws TypeError where two definitions share a name. */
export function checkUnique(definitions: readonly MetricDefinition[]): void {
  const seen = new Set<string>();
  for (const { name } of definitions) {
    if (seen.has(name)) throw new TypeError(`Metric ${name} is declared twice: remove one or give it another name`);
    seen.add(name);
  }
}

function checkDefinition({ name, kind, unit, description, typicalRange }: MetricDefinition): void {
  const refuse = (problem: string): never => {
    throw new TypeError(`Metric ${JSON.stringify(name)}: ${problem}`);
  };
  const rules = String(name).startsWith(`${HARDWARE_NAMESPACE}.`) ? HARDWARE : OWN;
  if (typeof name !== 'string' || !rules.name.test(name)) refuse(`name must read ${rules.nameForm}`);
  if (!rules.kinds.includes(kind)) refuse(`kind must be one of ${rules.kinds.join(', ')}`);
  if (typeof unit !== 'string' || !rules.unit.test(unit)) refuse(`unit must be ${rules.unitForm}`);
  if (typeof description !== 'string' || description.trim() === '') refuse('description is missing');
  if (typeof typicalRange !== 'object' || typicalRange === null) refuse('typicalRange is missing; {} means it varies');
  const { min = -Infinity, max = Infinity } = typicalRange;
  if (!(min < max)) refuse(`typicalRange is empty: min ${min} is not below max ${max}`);
}
