import { NAMESPACE } from './naming.ts';

export type MetricKind = 'gauge' | 'counter' | 'histogram';

/** Where a healthy run usually stays. A missing bound is open; `{}` says that it varies from run to run. */
export interface TypicalRange {
  readonly min?: number;
  readonly max?: number;
}

/** One metric, declared once: instruments, result mapping, tables and dashboards all follow from it. */
export interface MetricDefinition {
  /** Full name, the same in every backend: `signal.<family>.<snake_case>`. */
  readonly name: `${typeof NAMESPACE}.${string}`;
  readonly kind: MetricKind;
  /**
   * A UCUM annotation such as `{ms}`. Plain units would change the name: for `ms` the Collector's Prometheus exporter
   * appends `_milliseconds`, for `1` on a gauge `_ratio`, for `%` `_percent`; an annotation is left out of names by
   * every backend.
   */
  readonly unit: `{${string}}`;
  readonly description: string;
  readonly typicalRange: TypicalRange;
}

const NAME = new RegExp(`^${NAMESPACE}(\\.[a-z][a-z0-9]*(_[a-z0-9]+)*){2,}$`);
const UNIT = /^\{[a-z][A-Za-z0-9_/ ]*\}$/i;
const KINDS: ReadonlySet<string> = new Set(['gauge', 'counter', 'histogram'] satisfies MetricKind[]);

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
  if (typeof name !== 'string' || !NAME.test(name)) refuse(`name must read ${NAMESPACE}.<family>.<snake_case>`);
  if (!KINDS.has(kind)) refuse(`kind must be one of ${[...KINDS].join(', ')}`);
  if (typeof unit !== 'string' || !UNIT.test(unit)) refuse('unit must be an annotation in braces, such as {ms}');
  if (typeof description !== 'string' || description.trim() === '') refuse('description is missing');
  if (typeof typicalRange !== 'object' || typicalRange === null) refuse('typicalRange is missing; {} means it varies');
  const { min = -Infinity, max = Infinity } = typicalRange;
  if (!(min < max)) refuse(`typicalRange is empty: min ${min} is not below max ${max}`);
}
