// State that V8 keeps per thread although it belongs to a stack: what one fiber is in the middle of must
// neither stop nor confuse the others.
import vm from 'node:vm';

import test from 'ava';
import { Fiber } from 'greenfiber';

import { answerOf } from '../helpers/answer';
import { loadAddon } from '../helpers/test-addon';

/** Resumes every fiber once, in this order, and answers what each yields or returns. */
const resumeAll = (fibers: Fiber[]): unknown[] => fibers.map((fiber) => fiber.resume());

const backwards = <T>(list: readonly T[]): T[] => [...list].reverse();

test('property interceptors that yield can be left and re-entered in any order, with collections', (t) => {
  const fibers = Array.from({ length: 10 }, (_, i) => {
    const context = vm.createContext({
      get x() {
        return Fiber.yield<number>(i) + i;
      },
    });
    const source = '(() => { let sum = 0; for (let k = 0; k < 30; k++) sum += x; return sum; })()';
    return new Fiber<unknown, number, number>(() => vm.runInContext(source, context) as number);
  });
  const sums = new Map<number, number>();
  const live = fibers.map((fiber, i) => ({ fiber, i }));
  for (let turn = 0; live.length > 0; turn++) {
    const at = (turn * 7) % live.length;
    const { fiber, i } = live[at]!;
    const answer = fiber.resume(1);
    if (fiber.done) {
      sums.set(i, answer as number);
      live.splice(at, 1);
    }
    if (turn % 25 === 0) gc!(turn % 50 === 0);
  }
  t.deepEqual(
    [...sums].sort(([a], [b]) => a - b),
    fibers.map((_, i) => [i, 30 * (1 + i)]),
  );
});

test('JSON.stringify calls that yield in toJSON may end in another order than they began', (t) => {
  const stringify = (i: number) =>
    new Fiber(() =>
      JSON.stringify({
        deep: [{ toJSON: () => Fiber.yield('x') ?? i }, { toJSON: () => Fiber.yield('y') ?? i }],
      }),
    );
  const fibers = Array.from({ length: 20 }, (_, i) => stringify(i));
  resumeAll(fibers);
  gc!();
  resumeAll(backwards(fibers));
  t.is(JSON.stringify({ toJSON: () => 'main' }), '"main"');
  gc!();
  t.deepEqual(
    resumeAll(fibers),
    fibers.map((_, i) => `{"deep":[${String(i)},${String(i)}]}`),
  );
});

test('a JSON.stringify left in the middle for good harms nobody', async (t) => {
  const answer = await answerOf(t, ({ Fiber }) => {
    for (let i = 0; i < 100; i++) {
      const fiber = new Fiber(() => JSON.stringify({ toJSON: () => Fiber.yield() }));
      fiber.resume();
      if (i % 2 === 0) fiber.return();
    }
    gc!();
    console.log(JSON.stringify({ toJSON: () => 'fine' }));
  });
  t.is(answer, 'fine');
});

test('arrays that are shifted while a fiber sleeps in the middle of them stay whole', async (t) => {
  // V8 would trim them in place, and leave the sleeper's handles pointing in front of them.
  const answer = await answerOf(t, ({ Fiber }) => {
    const asleepIn: unknown[][] = [];
    const concatenate = (): number => {
      const array: unknown[] = Array.from({ length: 400 }, (_, i) => ({ i }));
      Reflect.deleteProperty(array, 0); // an array with holes
      const prototype = Object.create(Array.prototype) as object;
      let read = 0;
      Object.defineProperty(prototype, 0, {
        get: () => {
          if (read++ === 0) {
            asleepIn.push(array);
            Fiber.yield();
          }
          return 'inherited';
        },
      });
      Object.setPrototypeOf(array, prototype);
      const other = Object.assign([1], { [Symbol.isConcatSpreadable]: true });
      return Array.prototype.concat.call(other, array).length;
    };
    const fibers = Array.from({ length: 30 }, () => new Fiber(concatenate));
    for (const fiber of fibers) fiber.resume();
    for (const array of asleepIn) {
      Object.setPrototypeOf(array, Array.prototype);
      for (let i = 0; i < 40; i++) array.shift();
    }
    for (const type of ['minor', 'minor', 'major', 'major'] as const) gc!({ type } as never);
    let junk: unknown[] = [];
    for (let i = 0; i < 1e6; i++) {
      if (i % 1000 === 0) junk = [];
      junk.push({ i });
    }
    gc!();
    console.log(JSON.stringify(fibers.map((fiber) => fiber.resume())));
  });
  t.deepEqual(answer, new Array(30).fill(401));
});

test('try, catch and finally blocks of interleaved fibers do not mix', (t) => {
  const addon = loadAddon('v8_addon');
  const seen: string[] = [];
  const fibers = ['a', 'b', 'c'].map(
    (name) =>
      new Fiber(() => {
        try {
          const caught = addon.insideTryCatch(() => {
            Fiber.yield();
            throw new Error(name);
          });
          Fiber.yield();
          throw caught;
        } catch (error) {
          Fiber.yield();
          seen.push(`${name} caught ${(error as Error).message}`);
        } finally {
          Fiber.yield();
          seen.push(`${name} finally`);
        }
      }),
  );
  for (const order of [fibers, backwards(fibers), fibers, backwards(fibers), fibers])
    resumeAll(order);
  t.true(fibers.every((fiber) => fiber.done));
  t.deepEqual(seen, [
    'c caught c',
    'b caught b',
    'a caught a',
    'a finally',
    'b finally',
    'c finally',
  ]);
});

test("handles that another addon holds across a yield survive everybody else's scopes and collections", (t) => {
  const addon = loadAddon('v8_addon');
  const deep = (level: number, i: number): unknown =>
    level === 0
      ? Fiber.yield(i)
      : addon.insideHandleScope(() => ({ level, inner: deep(level - 1, i) }).inner);
  const fibers = Array.from(
    { length: 40 },
    (_, i) => new Fiber<unknown, unknown, number>(() => deep(1 + (i % 20), i)),
  );
  t.deepEqual(
    resumeAll(fibers),
    fibers.map((_, i) => i),
  );
  gc!({ type: 'minor' } as never);
  for (let i = 0; i < 50; i++) addon.insideHandleScope(() => [i]);
  gc!();
  t.deepEqual(
    backwards(fibers).map((fiber, i) => fiber.resume(i)),
    fibers.map((_, i) => i),
  );
});

test('a ban on JavaScript or on microtasks ends with the fiber that is under it', (t) => {
  const addon = loadAddon('v8_addon');
  t.true(addon.insideJavaScriptBan(() => 'refused'));
  const fiber = new Fiber(() => addon.withoutMicrotasks(() => Fiber.yield('left')));
  t.is(fiber.resume(), 'left');
  t.is(fiber.resume('back'), 'back');
  t.is(new Fiber(() => addon.insideJavaScriptBan(() => 1)).resume(), true);
});

test('two fibers may enter the isolate again through another addon and leave it in the wrong order', (t) => {
  const addon = loadAddon('v8_addon');
  const make = (i: number) => new Fiber(() => addon.insideIsolateScope(() => Fiber.yield(i) ?? i));
  const fibers = [make(1), make(2), make(3)];
  t.deepEqual(resumeAll(fibers), [1, 2, 3]);
  gc!();
  t.deepEqual(resumeAll(fibers), [1, 2, 3]);
  gc!();
  t.is(new Fiber(() => 'still').resume(), 'still');
});
