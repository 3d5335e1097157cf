import { type MetricDefinition, shortName, toCamelCase } from '../catalogue/index.ts';
import { warnOnce } from '../otel/diagnostics.ts';

export interface MetricValue {
  readonly definition: MetricDefinition;
  readonly value: unknown;
}

/** Reads the fields of one call (`gradNorm`, ...) as values of a family's metrics. */
export class FieldReader {
  readonly #call: string;
  readonly #definitions: ReadonlyMap<string, MetricDefinition>;
  readonly #others: ReadonlySet<string>;

  /** @param others fields of the call that are no metric. */
  constructor(call: string, family: readonly MetricDefinition[], others: readonly string[]) {
    this.#call = call;
    this.#definitions = new Map(family.map((definition) => [toCamelCase(shortName(definition.name)), definition]));
    this.#others = new Set(others);
  }

  read(fields: object): MetricValue[] {
    const values: MetricValue[] = [];
    for (const [field, value] of Object.entries(fields)) {
      const definition = this.#definitions.get(field);
      if (definition !== undefined) values.push({ definition, value });
      else if (!this.#others.has(field)) this.#refuse(field);
    }
    return values;
  }

  #refuse(field: string): void {
    const meant = toCamelCase(field);
    const hint = this.#definitions.has(meant)
      ? `write ${meant}`
      : `it takes ${[...this.#definitions.keys()].join(', ')}`;
    warnOnce(`field:${this.#call}:${field}`, `${this.#call}: ${JSON.stringify(field)} is not recorded; ${hint}`);
  }
}
