import { describe, expect, it } from 'vitest';
import { isStep, StepCounter } from '../../../src/run/step-counter.ts';

function total(steps: number[]): number {
  const counter = new StepCounter();
  return steps.reduce((sum, step) => sum + counter.advanceTo(step), 0);
}

describe('StepCounter', () => {
  it.each([
    ['the first call is one step', [5], 1],
    ['a resumed run does not bring the steps before it', [5_000, 5_001, 5_002], 3],
    ['steps in between are counted', [0, 10, 20], 21],
    ['a replay after a checkpoint adds nothing', [1, 2, 3, 4, 2, 3, 4, 5], 5],
    ['the same step twice is one', [7, 7, 7], 1],
  ])('%s', (_, steps, expected) => {
    expect(total(steps)).toBe(expected);
  });

  it('takes whole numbers from 0 for steps, and nothing else', () => {
    expect([0, 1, 2 ** 53 - 1].every(isStep)).toBe(true);
    expect([-1, 0.5, Number.NaN, Infinity, 2 ** 53, '1', null, undefined, true].some(isStep)).toBe(false);
  });
});
