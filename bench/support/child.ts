/** What parent and child send each other. */
export type Numbers = Readonly<Record<string, number>>;

/** The child's side: answers each request, one after the other. Anything that goes wrong ends the process. */
export function serve(answer: (request: Numbers) => Promise<Numbers>): void {
  process.on('message', (message) => {
    void answer(readNumbers(message)).then(
      (reply) => process.send?.(reply),
      (error: unknown) => fail(error),
    );
  });
  process.send?.({ ready: 1 });
}

export function fail(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
}

export function readNumbers(message: unknown): Numbers {
  if (typeof message !== 'object' || message === null) throw new TypeError('A message has to be an object');
  return Object.fromEntries(
    Object.entries(message).map(([key, value]) => {
      if (typeof value !== 'number') throw new TypeError(`${key} has to be a number`);
      return [key, value];
    }),
  );
}
