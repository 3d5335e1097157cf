import { isFunction } from '../run/settled.ts';

/**
 * Has `see` called with the arguments of every call of a method of `object`, before the method itself: of the first of
 * these names that it has. What the method is called on, gives and throws stays.
 */
export function tap(object: object, names: readonly string[], see: (args: readonly unknown[]) => void): void {
  for (const name of names) {
    const method: unknown = Reflect.get(object, name);
    if (!isFunction(method)) continue;
    const tapped = function (this: unknown, ...args: unknown[]): unknown {
      see(args);
      return Reflect.apply(method, this, args);
    };
    Reflect.defineProperty(object, name, { value: tapped, configurable: true, writable: true, enumerable: false });
    return;
  }
}
