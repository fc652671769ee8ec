import { checkFunction } from '../base/validators';
import { spawn } from '../scheduler/spawn';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- as wide as what is given
type AnyFunction = (...args: any[]) => any;

/** What {@link inTasks} has answered. */
const inTaskAlready = new WeakSet<object>();

/** Members of a test function that take something else than bodies; the function they return takes those. */
const TAKE_NO_BODY = new Set<PropertyKey>(['each', 'extend', 'for', 'override', 'scoped']);
/** Members whose callbacks declare tests, which the runner must see at once. */
const DECLARE = new Set<PropertyKey>(['describe', 'suite']);
const HOOKS = ['test', 'before', 'after', 'beforeEach', 'afterEach'] as const;

/**
 * A test body, or a hook, that runs `fn` in a task and returns a promise of what it returns. A body that is given a
 * callback may call it, as ever.
 *
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`
 */
export function inTask<F extends AnyFunction>(fn: F): F {
  checkFunction('fn', fn);
  const body = function (this: unknown, ...args: unknown[]): unknown {
    putSubtestsInTasks(args[0]);
    const task = spawn(() => Reflect.apply(fn, this, args) as unknown);
    const done = callbackIn(args, fn.length);
    if (done === undefined) return task.promise();
    void task.then(undefined, done);
    return undefined;
  };
  // Runners count a body's parameters, and Vitest reads which of its fixtures it wants.
  const { length, name } = fn;
  Object.defineProperties(body, {
    length: { value: length, configurable: true },
    name: { value: name, configurable: true },
    toString: { value: () => String(fn), configurable: true },
  });
  return body as F;
}

/** The function that ends the test, where the runner gives one because the body declares a parameter for it. */
function callbackIn(args: unknown[], declared: number): ((error: unknown) => void) | undefined {
  const last = args.at(-1);
  if (typeof last !== 'function' || args.length !== declared) return undefined;
  return 'task' in last ? undefined : (last as (error: unknown) => void); // the context of Vitest is a function
}

/** Of node:test: the bodies that are given to a test's context. */
function putSubtestsInTasks(context: unknown): void {
  if (typeof context !== 'object' || context === null || !('diagnostic' in context)) return;
  const members = context as Record<string, unknown>;
  for (const name of HOOKS) {
    const member = members[name];
    if (typeof member === 'function') members[name] = inTasks(member as AnyFunction);
  }
}

/**
 * A test function of a runner (`test`, `it`, `beforeEach` …) whose bodies run in tasks: `inTasks(test)('…', body)`. So do
 * those of its members: `only`, `each(table)` and so on.
 *
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`
 */
export function inTasks<F extends AnyFunction>(test: F): F {
  return wrap(test, true);
}

function wrap<F extends AnyFunction>(test: F, takesBody: boolean): F {
  checkFunction('test', test);
  if (inTaskAlready.has(test)) return test;
  const wrapped = new Proxy(test, {
    apply: (target, self, args: unknown[]) => {
      const given = takesBody ? args.map(bodyInTask) : args;
      const answer: unknown = Reflect.apply(target, self, given);
      return typeof answer === 'function' ? inTasks(answer as AnyFunction) : answer;
    },
    get: (target, name, self) => {
      const member: unknown = Reflect.get(target, name, self);
      if (typeof member !== 'function' || DECLARE.has(name) || isOfFunctions(name)) return member;
      return wrap(member as AnyFunction, !TAKE_NO_BODY.has(name));
    },
  });
  inTaskAlready.add(wrapped);
  return wrapped;
}

function bodyInTask(argument: unknown): unknown {
  return typeof argument === 'function' ? inTask(argument as AnyFunction) : argument;
}

function isOfFunctions(name: PropertyKey): boolean {
  return name === 'prototype' || name in Function.prototype;
}
