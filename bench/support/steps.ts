export const STEPS_A_SECOND = 10;
const STEP_MILLIS = 1_000 / STEPS_A_SECOND;

/**
 * Takes a step every 100 ms, in the middle between two tenths: the clock's reading here and the one of whoever records
 * the step must not fall into different seconds.
 * @returns stops.
 */
export function takeSteps(step: () => void): () => void {
  let timer: NodeJS.Timeout;
  const schedule = () => {
    const millis = STEP_MILLIS - ((Date.now() - STEP_MILLIS / 2) % STEP_MILLIS);
    timer = setTimeout(() => {
      step();
      schedule();
    }, millis);
  };
  schedule();
  return () => clearTimeout(timer);
}

export function secondOf(millis: number): number {
  return Math.floor(millis / 1_000);
}
