/** What is timed: next to nothing, so that timing is what costs. */
export const OPERATION = 'forward_backward';
export const DURATION = 'signal.performance.forward_backward_duration_ms';

let calls = 0;

export function operation(): number {
  calls += 1;
  return calls;
}
