/** The prefix of the package's own metrics, and the name of its meter. */
export const NAMESPACE = 'signal';

/** The prefix that OpenTelemetry's semantic conventions give the metrics of hardware. */
export const HARDWARE_NAMESPACE = 'hw';

/** Datadog refuses longer names; OpenTelemetry allows 255. */
const MAX_NAME_LENGTH = 200;

/** `grad_norm` -> `gradNorm` */
export type CamelCase<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name;

/** `signal.training.grad_norm` -> `grad_norm` */
export type ShortName<Name extends string> = Name extends `${string}.${infer Rest}` ? ShortName<Rest> : Name;

/** `signal.training.grad_norm` -> `gradNorm`: the field that carries this metric in a call of the collector. */
export type FieldName<Name extends string> = CamelCase<ShortName<Name>>;

export function shortName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

export function toCamelCase(name: string): string {
  return name.replace(/_+([a-z0-9])/g, (_, first: string) => first.toUpperCase());
}

/** Leaves snake_case as it is, so keys of either spelling meet: `gradNorm`, `grad_norm` -> `grad_norm`. */
export function toSnakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase();
}

/**
 * The full name of a metric: `namespace.name`, or `name` itself where it already starts with the namespace.
 * Characters that no backend takes become `_` and the length is bounded, since names may come from data.
 * `undefined` where nothing is left to name.
 */
export function qualifiedName(name: unknown, namespace: string = NAMESPACE): string | undefined {
  if (typeof name !== 'string' || name.trim() === '') return undefined;
  const clean = name
    .trim()
    .slice(0, MAX_NAME_LENGTH)
    .replace(/[^A-Za-z0-9_.]/g, '_');
  const qualified = clean.startsWith(`${namespace}.`) ? clean : `${namespace}.${clean}`;
  // By way of bytes it is a copy: a slice would keep all of a long text in memory.
  return Buffer.from(qualified.slice(0, MAX_NAME_LENGTH), 'latin1').toString('latin1');
}
