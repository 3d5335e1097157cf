import { type AnyFunction, isFunction } from '../run/settled.ts';

/**
 * An object with some methods in place of its own: itself, where it can be changed, else one that stands for it, of the
 * same class and with the same properties.
 */
export function overlay<Target extends object>(target: Target, methods: ReadonlyMap<string, AnyFunction>): Target {
  const canChange = [...methods.keys()].every((name) => {
    const own = Reflect.getOwnPropertyDescriptor(target, name);
    return own === undefined ? Object.isExtensible(target) : own.configurable === true;
  });
  if (!canChange) return standIn(target, methods);
  for (const [name, method] of methods) {
    const enumerable = Reflect.getOwnPropertyDescriptor(target, name)?.enumerable ?? false;
    Reflect.defineProperty(target, name, { value: method, writable: true, configurable: true, enumerable });
  }
  return target;
}

const standIns = new WeakSet<object>();

/** Whether an object stands for another. */
export function isStandIn(object: object): boolean {
  return standIns.has(object);
}

function standIn<Target extends object>(target: Target, methods: ReadonlyMap<string, AnyFunction>): Target {
  // A proxy may show nothing that contradicts a frozen target; it contradicts nothing of an empty object.
  const shadow: Target = Object.create(Reflect.getPrototypeOf(target));
  const bound = new WeakMap<AnyFunction, AnyFunction>();
  /** Private fields are the target's alone. */
  const forTarget = (method: AnyFunction): AnyFunction => {
    let known = bound.get(method);
    if (known === undefined) {
      known = new Proxy(method, {
        apply: (_, self, args) => Reflect.apply(method, self === proxy ? target : self, args),
      });
      bound.set(method, known);
    }
    return known;
  };
  const proxy: Target = new Proxy(shadow, {
    get: (_, key) => {
      const value: unknown = methods.get(String(key)) ?? Reflect.get(target, key, target);
      return isFunction(value) ? forTarget(value) : value;
    },
    set: (_, key, value) => Reflect.set(target, key, value, target),
    has: (_, key) => Reflect.has(target, key),
    ownKeys: () => Reflect.ownKeys(target),
    getOwnPropertyDescriptor: (_, key) => {
      const own = Reflect.getOwnPropertyDescriptor(target, key);
      return own && { ...own, configurable: true };
    },
    defineProperty: (_, key, descriptor) => Reflect.defineProperty(target, key, descriptor),
    deleteProperty: (_, key) => Reflect.deleteProperty(target, key),
  });
  standIns.add(proxy);
  return proxy;
}
