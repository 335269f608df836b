/** Turns what was thrown into what is to be thrown instead. */
type Translate = (error: unknown) => unknown;

type Method = (...args: unknown[]) => unknown;

/**
 * Makes `wrap`: the same function or repository, whose errors are translated.
 *
 * Methods and accessors are replaced once, on an object derived from the target, and run with the target itself as
 * `this`. A call that succeeds costs a try block: no proxy, no stack, and one microtask for a promise. Only real
 * promises are followed: whatever else has a `then` may be a query that has not begun.
 */
export function defineWrap(translate: Translate): <T extends object>(target: T) => T {
  const wrappers = new WeakMap<object, object>();

  function wrap<T extends object>(target: T): T {
    const made = wrappers.get(target);
    if (made !== undefined) return made as T;
    const wrapper = typeof target === 'function' ? wrapFunction(target as unknown as Method) : Object.create(target);
    wrappers.set(target, wrapper).set(wrapper, wrapper);
    if (typeof target === 'function') Object.setPrototypeOf(wrapper, Object.getPrototypeOf(target));
    copy(target, wrapper);
    return wrapper;
  }

  /** A function on its own runs with whatever `this` it is called with. */
  function wrapFunction(target: Method): Method {
    return function (this: unknown, ...args) {
      let result: unknown;
      try {
        result = target.apply(this, args);
      } catch (error) {
        throw translate(error);
      }
      return follow(result, undefined, rethrow);
    };
  }

  /** A method runs with the target as `this`, and hands out the wrapper where it hands out the target. */
  function wrapMethod(method: Method, target: object, wrapper: object): Method {
    const exchange = (result: unknown): unknown => (result === target ? wrapper : result);
    return function (this: unknown, ...args) {
      let result: unknown;
      try {
        result = method.apply(target, args);
      } catch (error) {
        throw translate(error);
      }
      return result === target ? wrapper : follow(result, exchange, rethrow);
    };
  }

  /** Translates what a promise or an iterator will throw later. */
  function follow(result: unknown, resolve: ((value: unknown) => unknown) | undefined, reject: Method): unknown {
    if (typeof result !== 'object' || result === null) return result;
    try {
      if (result instanceof Promise) {
        // A promise with a `then` of its own (postgres.js) begins its query when that is called.
        return result.then === Promise.prototype.then ? result.then(resolve, reject) : result;
      }
      return isIterator(result) ? wrap(result) : result;
    } catch {
      return result; // it cannot even be looked at: the caller's to handle
    }
  }

  function rethrow(error: unknown): never {
    throw translate(error);
  }

  /** Puts the target's own and inherited members on the wrapper. */
  function copy(target: object, wrapper: object): void {
    const seen = new Set<string | symbol>(['constructor', 'prototype', 'arguments', 'caller']);
    let owner: object | null = target;
    while (owner !== null && owner !== Object.prototype && owner !== Function.prototype) {
      for (const key of Reflect.ownKeys(owner)) {
        const descriptor = seen.has(key) ? undefined : Reflect.getOwnPropertyDescriptor(owner, key);
        if (descriptor === undefined) continue;
        seen.add(key);
        Object.defineProperty(wrapper, key, replacement(descriptor, key, target, wrapper));
      }
      owner = Reflect.getPrototypeOf(owner);
    }
  }

  function replacement(
    { value, get, set, enumerable }: PropertyDescriptor,
    key: string | symbol,
    target: object,
    wrapper: object,
  ): PropertyDescriptor {
    const shared = { configurable: true, enumerable: enumerable === true };
    if (typeof value === 'function' && !isClass(value)) {
      // The variants of a transaction (`immediate`, `deferred`) are functions like the transaction itself.
      const method = typeof target === 'function' ? wrap(value) : wrapMethod(value, target, wrapper);
      return { ...shared, value: method, writable: true };
    }
    if (get === undefined && set === undefined) {
      // Data stays where it is: what is set on either of the two is seen on both, if it was there to be wrapped.
      return {
        ...shared,
        get: () => (target as Record<string | symbol, unknown>)[key],
        set: (value) => {
          (target as Record<string | symbol, unknown>)[key] = value;
        },
      };
    }
    return {
      ...shared,
      ...(get && { get: wrapMethod(get, target, wrapper) }),
      ...(set && { set: wrapMethod(set, target, wrapper) }),
    };
  }

  return (target) => {
    if ((typeof target !== 'object' && typeof target !== 'function') || target === null || isClass(target)) {
      const got =
        target === null ? 'null' : isClass(target) ? `class ${(target as { name: string }).name}` : typeof target;
      throw new TypeError(`Expected the target of wrap() to be a function or an object, got ${got}`);
    }
    return wrap(target);
  };
}

/** Cannot be called without `new`. A frozen function has all of it but the text. */
function isClass(target: unknown): boolean {
  return (
    typeof target === 'function' &&
    Object.getOwnPropertyDescriptor(target, 'prototype')?.writable === false &&
    /^class\b|\[native code]\s}$/.test(Function.prototype.toString.call(target))
  );
}

/** An iterator as generators make it: reading these two properties begins nothing. */
function isIterator(value: object): boolean {
  return (
    typeof (value as { next?: unknown }).next === 'function' &&
    (Symbol.asyncIterator in value || Symbol.iterator in value)
  );
}
