import { guard } from './guard.ts';

export type Outcome = { readonly value: unknown } | { readonly error: unknown };

/**
 * Runs `fn` and tells `onSettled` once how it ended: at once, or when the promise that it gave settles. The caller gets
 * what `fn` gave, or what its `then` gave, and what it threw; a rejection that nobody handles stays unhandled.
 */
export function whenSettled<T>(fn: () => T, onSettled: (outcome: Outcome) => void): T {
  let isSettled = false;
  const settle = (outcome: Outcome) => {
    // A thenable of somebody's own may call back as often as it likes.
    if (isSettled) return;
    isSettled = true;
    guard('timeOperation', () => onSettled(outcome));
  };
  const succeed = <V>(value: V): V => {
    settle({ value });
    return value;
  };
  const fail = (error: unknown): never => {
    settle({ error });
    throw error;
  };
  let result: T;
  try {
    result = fn();
  } catch (error) {
    return fail(error);
  }
  const then = thenOf(result);
  if (then === undefined) return succeed(result);
  let next: unknown;
  try {
    next = Reflect.apply(then, result, [succeed, fail]);
  } catch (error) {
    // It will throw the same for whoever waits for it.
    settle({ error });
  }
  // `then` of a promise gives a promise of the same class; a foreign thenable's own may give anything, or nothing.
  return thenOf(next) === undefined ? result : (next as T);
}

/** The `then` of what can be awaited, read once; `undefined` for everything else. Never throws. */
export function thenOf(value: unknown): ((...callbacks: unknown[]) => unknown) | undefined {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined;
  try {
    const then: unknown = Reflect.get(value, 'then');
    return isFunction(then) ? then : undefined;
  } catch {
    return undefined;
  }
}

/** @throws TypeError where there is nothing to call. */
export function requireFunction(where: string, fn: unknown, example: string): void {
  if (!isFunction(fn)) throw new TypeError(`${where} takes a function to call, as in ${example}`);
}

/** A function, or a method, of whatever kind. */
export type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;

export function isFunction(value: unknown): value is AnyFunction {
  return typeof value === 'function';
}
