export const STEPS_A_SECOND = 10;
const STEP_MILLIS = 1_000 / STEPS_A_SECOND;

/**
 * Takes a step every 100 ms, in the middle between two tenths: the clock's reading here and the one of whoever records
 * the step must not fall into different seconds.
 * @returns stops.
 */
export function takeSteps(step: () => void): () => void {
  let due = Math.floor(Date.now() / STEP_MILLIS) * STEP_MILLIS + STEP_MILLIS / 2;
  let timer: NodeJS.Timeout;
  const schedule = () => {
    // A timer may fire a little early, which must not make for one step more; after a standstill none are made up for.
    due += STEP_MILLIS * Math.max(1, Math.ceil((Date.now() - due) / STEP_MILLIS));
    timer = setTimeout(() => {
      step();
      schedule();
    }, due - Date.now());
  };
  schedule();
  return () => clearTimeout(timer);
}

export function secondOf(millis: number): number {
  return Math.floor(millis / 1_000);
}
