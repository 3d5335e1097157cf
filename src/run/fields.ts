import { type MetricDefinition, shortName, toCamelCase } from '../catalogue/index.ts';
import { warnOnce } from '../otel/diagnostics.ts';
import { cut, quoted } from '../otel/text.ts';

/** The fields of one call (`gradNorm`, ...), each with the metric that it carries. */
export class CallFields {
  readonly #call: string;
  readonly #definitions: ReadonlyMap<string, MetricDefinition>;
  readonly #others: ReadonlySet<string>;

  /** @param others fields of the call that are no metric. */
  constructor(call: string, family: readonly MetricDefinition[], others: readonly string[]) {
    this.#call = call;
    this.#definitions = new Map(family.map((definition) => [toCamelCase(shortName(definition.name)), definition]));
    this.#others = new Set(others);
  }

  /** `undefined` for a field that carries none, with one warning where it is no field of the call either. */
  metricOf(field: string): MetricDefinition | undefined {
    const definition = this.#definitions.get(field);
    if (definition === undefined && !this.#others.has(field)) this.#refuse(field);
    return definition;
  }

  #refuse(field: string): void {
    const short = cut(field, 100);
    const meant = toCamelCase(short);
    const hint = this.#definitions.has(meant)
      ? `write ${meant}`
      : `it takes ${[...this.#definitions.keys()].join(', ')}`;
    warnOnce(`field:${this.#call}:${short}`, `${this.#call}: ${quoted(short)} is not recorded; ${hint}`);
  }
}
