/**
 * Counts each training step once. A step at or below the highest one seen is a replay after a checkpoint and adds
 * nothing; the first call adds 1 whatever its step, since a resumed run did not make the steps before it.
 */
export class StepCounter {
  #highest: number | undefined;

  /** @returns how many steps further than ever before `step` is. */
  advanceTo(step: number): number {
    const advanced = this.#highest === undefined ? 1 : Math.max(0, step - this.#highest);
    this.#highest = Math.max(this.#highest ?? step, step);
    return advanced;
  }
}

export function isStep(step: unknown): step is number {
  return typeof step === 'number' && Number.isSafeInteger(step) && step >= 0;
}
