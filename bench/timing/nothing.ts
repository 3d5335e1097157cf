import type { Contender } from '../support/contender.ts';
import { operation } from './operation.ts';

/** What the loop and the operation cost. */
export function create(): Contender {
  return {
    operate() {
      operation();
    },
    async settle() {},
  };
}
