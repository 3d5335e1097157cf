import type { Attributes } from '@opentelemetry/api';
import { type Tags, toAttributes } from '../otel/attributes.ts';
import { isOmitted, type OmittedAttribute, RUN_ATTRIBUTES, type RunAttribute } from './omitted.ts';

export type RunIdentity = { readonly [Attribute in RunAttribute]: string | undefined };

/** What tells a run's points from another's: its tags and its identity, of which metrics may do without some. */
export class RunAttributes {
  /** The tags and the whole identity. */
  readonly all: Attributes;
  readonly #tags: Attributes;
  readonly #identity: RunIdentity;
  readonly #omitted: readonly OmittedAttribute[];
  /** By what is left out: the many metrics of a run share few sets. */
  readonly #without = new Map<string, Attributes>();

  constructor(tags: Tags | undefined, identity: RunIdentity, omitted: readonly OmittedAttribute[]) {
    this.#tags = toAttributes(tags);
    this.#identity = identity;
    this.#omitted = omitted;
    this.all = withIdentity(this.#tags, identity);
  }

  /** Of a metric's points. Asked when a metric is bound, not at each value. */
  of(metric: string): Attributes {
    const left = RUN_ATTRIBUTES.filter((attribute) => isOmitted(this.#omitted, attribute, metric));
    if (left.length === 0) return this.all;
    const key = left.join();
    let attributes = this.#without.get(key);
    if (attributes === undefined) {
      const kept = RUN_ATTRIBUTES.filter((attribute) => !left.includes(attribute));
      attributes = withIdentity(this.#tags, Object.fromEntries(kept.map((name) => [name, this.#identity[name]])));
      this.#without.set(key, attributes);
    }
    return attributes;
  }
}

/** Whatever tags there are, and however many, the run's own attributes stay. */
function withIdentity(tags: Attributes, identity: Tags): Attributes {
  return Object.freeze({ ...tags, ...toAttributes(identity) });
}
