import type FutureType from './future';
import { FutureBase } from './future-base';

type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;
type Wrap = (fn: AnyFunction, multi: boolean, suffix: string) => AnyFunction;

/** `Future.wrap` */
export const wrap = ((target: unknown, multi = false, suffix = 'Future') => {
  if (typeof target === 'object') return wrapMembers(target, multi, suffix, wrapFunction);
  if (typeof target === 'function') return wrapFunction(target as AnyFunction, multi, suffix);
  return undefined; // as in `fibers`
}) as typeof FutureType.wrap;

/** An heir of the object, with its functions, inherited ones included, wrapped under longer names. */
function wrapMembers(object: object | null, multi: boolean, suffix: string, wrapMember: Wrap) {
  const heir = Object.create(object) as Record<string, unknown>;
  for (const name in object) {
    const member = heir[name];
    if (typeof member !== 'function') continue;
    heir[name + suffix] = wrapMember(member as AnyFunction, multi, suffix);
  }
  return heir;
}

/** Some modules are a function with more functions as properties. */
function wrapFunction(fn: AnyFunction, multi: boolean, suffix: string): AnyFunction {
  const members = wrapMembers(fn, multi, suffix, wrapCall);
  return Object.setPrototypeOf(wrapCall(fn, multi), members) as AnyFunction;
}

function wrapCall(fn: AnyFunction, multi: boolean): AnyFunction {
  return function (this: unknown, ...args: unknown[]): FutureType {
    const future = new FutureBase();
    const resolve = future.resolver();
    const resolveAll = (error: unknown, ...values: unknown[]) => {
      resolve(error, values);
    };
    future._ = fn.call(this, ...args, multi ? resolveAll : resolve);
    return future;
  };
}
