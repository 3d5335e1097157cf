import type { Contender } from '../support/contender.ts';

/** What the loop itself costs. */
export function create(): Contender {
  let sum = 0;
  return {
    operate(step) {
      sum = (sum + step) | 0;
    },
    async settle() {
      if (Number.isNaN(sum)) throw new Error('unreachable');
    },
  };
}
