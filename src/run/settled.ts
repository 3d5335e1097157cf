export type Outcome = { readonly value: unknown } | { readonly error: unknown };

/**
 * Runs `fn` and tells `onSettled` how it ended: at once, or when the promise that it gave settles. The caller gets what
 * `fn` gave, or an equal promise, and what it threw; a rejection that nobody handles stays unhandled.
 */
export function whenSettled<T>(fn: () => T, onSettled: (outcome: Outcome) => void): T {
  const succeed = <V>(value: V): V => {
    onSettled({ value });
    return value;
  };
  const fail = (error: unknown): never => {
    onSettled({ error });
    throw error;
  };
  let result: T;
  try {
    result = fn();
  } catch (error) {
    return fail(error);
  }
  // `then` of a promise gives a promise of the same class; the type of a foreign thenable's own `then` is not known.
  return isThenable(result) ? (result.then(succeed, fail) as T) : succeed(result);
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
