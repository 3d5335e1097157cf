import { guard } from '../run/guard.ts';
import { type AnyFunction, isFunction, type Outcome as Settled, thenOf, whenSettled } from '../run/settled.ts';

/** How futures hand over their result, beside being awaited. */
const RESULT_METHODS = ['result', 'resultAsync', 'result_async'];

/**
 * Learns what comes of what a client's method gave: a value, a promise, or a future, awaitable or with `result()`, also
 * as the value of a promise. A future is never asked: it may begin to work only once its owner wants the result.
 * @returns what the caller gets in its place.
 */
export function follow<T>(given: T, onSettled: (outcome: Settled) => void): T {
  if (isFuture(given)) {
    followFuture(given, onSettled);
    return given;
  }
  const followed = whenSettled(
    () => given,
    (outcome) => {
      if ('value' in outcome && isFuture(outcome.value)) followFuture(outcome.value, onSettled);
      else onSettled(outcome);
    },
  );
  if (followed !== given) copyOwnProperties(given, followed);
  return followed;
}

function isFuture(value: unknown): value is object {
  return typeof value === 'object' && value !== null && RESULT_METHODS.some((name) => methodOf(value, name));
}

/** Puts listeners into the ways in which its owner asks it. One that cannot be changed is not followed. */
function followFuture(future: object, onSettled: (outcome: Settled) => void): void {
  let isSettled = false;
  const settle = (outcome: Settled) => {
    if (isSettled) return;
    isSettled = true;
    guard('instrumentTrainingClient', () => onSettled(outcome));
  };
  for (const name of RESULT_METHODS) {
    const method = methodOf(future, name);
    if (method === undefined) continue;
    replace(future, name, function (this: unknown, ...args: unknown[]): unknown {
      return whenSettled(() => Reflect.apply(method, this, args), settle);
    });
  }
  const then = thenOf(future);
  if (then !== undefined) replace(future, 'then', listeningThen(then, settle));
}

function listeningThen(then: AnyFunction, settle: (outcome: Settled) => void): AnyFunction {
  return function (this: unknown, onValue?: unknown, onError?: unknown, ...others: unknown[]): unknown {
    const fulfilled = (value: unknown): unknown => {
      settle({ value });
      return typeof onValue === 'function' ? onValue(value) : value;
    };
    const rejected = (error: unknown): unknown => {
      settle({ error });
      if (typeof onError === 'function') return onError(error);
      throw error;
    };
    return Reflect.apply(then, this, [fulfilled, rejected, ...others]);
  };
}

function methodOf(object: object, name: string): AnyFunction | undefined {
  let method: unknown;
  guard('instrumentTrainingClient', () => {
    method = Reflect.get(object, name);
  });
  return isFunction(method) ? method : undefined;
}

function replace(object: object, name: string, method: AnyFunction): void {
  Reflect.defineProperty(object, name, { value: method, writable: true, configurable: true, enumerable: false });
}

/** Clients hang a request's id, or a way to cancel it, on a promise. */
function copyOwnProperties(from: unknown, to: unknown): void {
  guard('instrumentTrainingClient', () => {
    if (!(from instanceof Promise && to instanceof Promise)) return;
    for (const key of Reflect.ownKeys(from)) {
      const descriptor = Reflect.getOwnPropertyDescriptor(from, key);
      if (descriptor !== undefined && !Object.hasOwn(to, key)) Reflect.defineProperty(to, key, descriptor);
    }
  });
}
