import type { Addon } from './binding';
import { hasFault } from './faults';
import type { Runtime } from './native';

/** What the test uses of the class Fiber. */
interface FiberClass {
  new <R = unknown>(
    body: () => R,
  ): {
    readonly done: boolean;
    resume(): unknown;
    throw(error: unknown): unknown;
  };
  yield(value: unknown): unknown;
}

/** So many numbers in every frame fill a stack in some tens of calls, before V8 thinks of compiling them. */
const LARGE_FRAME = Array.from({ length: 500 }, (_, i) => i);

/**
 * Exercises the engine before anybody relies on it: suspended frames must survive a young collection from outside and a
 * full one from inside of a fiber, errors must cross, and stack limits must be the running stack's own. Returns what went
 * wrong, or an empty string.
 *
 * Collections are most of what it costs, so there is one of each, the young one first: a full one gives the young
 * generation's memory back.
 */
function selfTest(Fiber: FiberClass, collect: Addon['collectGarbage']): string {
  const body = (seed: number): number => {
    const objects = Array.from({ length: 50 }, (_, i) => ({ value: i * seed }));
    Fiber.yield(seed);
    let caught: unknown;
    try {
      objects.map((object) => (object.value === seed ? Fiber.yield('deep') : object.value));
    } catch (error) {
      caught = error;
    }
    if (seed === 1) collect(false); // the others sleep meanwhile
    Fiber.yield(caught);
    return objects.reduce((sum, object) => sum + object.value, 0);
  };
  const overflow = (): string => {
    const recurse = (...frame: number[]): number => recurse(...frame) + 1;
    try {
      recurse(...LARGE_FRAME);
    } catch (error) {
      return (error as Error).name;
    }
    return 'nothing';
  };

  const seeds = [1, 2, 3];
  const fibers = seeds.map((seed) => new Fiber(() => body(seed)));
  const errors = seeds.map(() => new Error('self-test'));
  if (!fibers.every((fiber, i) => fiber.resume() === seeds[i])) return 'values do not cross';
  collect(true);
  if (!fibers.every((fiber) => fiber.resume() === 'deep'))
    return 'a fiber did not survive a collection';
  if (!fibers.every((fiber, i) => fiber.throw(errors[i]) === errors[i]))
    return 'errors do not cross';
  if (!fibers.every((fiber, i) => fiber.resume() === 1225 * (seeds[i] ?? 0))) {
    return "a suspended fiber's objects changed";
  }
  if (!fibers.every((fiber) => fiber.done)) return 'a fiber did not finish';
  if (new Fiber(overflow).resume() !== 'RangeError')
    return 'a stack overflow is not caught in a fiber';
  return '';
}

/**
 * Runs the self-test with the class that will be offered, whatever entry point it was loaded for; an engine that fails
 * it is not offered.
 */
export function verifyEngine(runtime: Runtime, Fiber: FiberClass): void {
  const { addon } = runtime;
  if (runtime.engine === 'none' || addon === undefined) return;
  let failure: string;
  try {
    failure = selfTest(Fiber, addon.collectGarbage);
  } catch (error) {
    failure = String(error);
  }
  if (hasFault('self-test') && runtime.engine === 'direct') failure = 'the fault was asked for';
  runtime.note({ part: runtime.engine, name: 'the self-test', missed: failure });
  if (failure === '') return;
  runtime.fallBack(`the self-test of the ${runtime.engine} engine failed: ${failure}`);
  // It was taken from the engine that is no more.
  if (!runtime.isUsable()) Object.assign(Fiber, { yield: runtime.fibers.yield });
}
