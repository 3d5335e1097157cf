import { warnOnce } from '../otel/diagnostics.ts';
import { cut } from '../otel/text.ts';

const MAX_SETS = 1_000;
/** Of one set, and of all together. */
const MAX_SET_SIZE = 10_000;
const MAX_VALUES = 100_000;
const MAX_VALUE_LENGTH = 200;

/** The different values that sets were given. Bounded: past it, the count of a set stays a lower bound. */
export class ValueSets {
  readonly #sets = new Map<string, Set<string>>();
  #values = 0;

  /** @returns how many different values the set has had. */
  add(set: string, value: string): number {
    const values = this.#sets.get(set) ?? this.#begin(set);
    if (values !== undefined) this.#remember(values, cut(value, MAX_VALUE_LENGTH));
    // This one it has had, wherever there was no room to remember it.
    return Math.max(1, values?.size ?? 0);
  }

  #begin(set: string): Set<string> | undefined {
    if (this.#sets.size >= MAX_SETS) {
      warnOnce('sets', `more than ${MAX_SETS} sets; further ones show 1. Use fewer names and tags`);
      return undefined;
    }
    const values = new Set<string>();
    this.#sets.set(set, values);
    return values;
  }

  #remember(values: Set<string>, value: string): void {
    if (values.has(value)) return;
    if (values.size >= MAX_SET_SIZE || this.#values >= MAX_VALUES) {
      const bounds = `more than ${MAX_SET_SIZE} values of a set, or ${MAX_VALUES} of all sets`;
      warnOnce('set-values', `${bounds}; further ones are not counted`);
      return;
    }
    values.add(value);
    this.#values += 1;
  }
}
