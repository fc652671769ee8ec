/* eslint-disable @typescript-eslint/no-unused-vars --
   on purpose: tests of odd programs */
import test from 'ava';
import { Fiber, FiberKilled } from 'greenfiber';

import { refused } from '../helpers/codes';

const upTo = (limit: number, end: () => void = () => undefined): Fiber<number, string> =>
  new Fiber(() => {
    try {
      for (let i = 0; i < limit; i++) Fiber.yield(i);
      return 'returned';
    } finally {
      end();
    }
  });

test('next answers as a generator does', (t) => {
  const fiber = upTo(2);
  t.deepEqual(fiber.next(), { done: false, value: 0 });
  t.deepEqual(fiber.next(), { done: false, value: 1 });
  t.deepEqual(fiber.next(), { done: true, value: 'returned' });
  t.deepEqual(fiber.next(), { done: true, value: undefined });
});

test('next passes its value', (t) => {
  const fiber = new Fiber<unknown, unknown, number>((first) => [first, Fiber.yield(first)]);
  t.deepEqual(fiber.next(1), { done: false, value: 1 });
  t.deepEqual(fiber.next(2), { done: true, value: [1, 2] });
});

test('next throws what the body throws, then is done', (t) => {
  const fiber = new Fiber(() => {
    throw new Error('x');
  });
  t.throws(() => fiber.next(), { message: 'x' });
  t.deepEqual(fiber.next(), { done: true, value: undefined });
});

test('for-of, spread, Array.from and destructuring see what a fiber yields', (t) => {
  const seen: number[] = [];
  for (const value of upTo(3)) seen.push(value);
  t.deepEqual(seen, [0, 1, 2]);
  t.deepEqual([...upTo(3)], [0, 1, 2]);
  t.deepEqual(
    Array.from(upTo(2), (x) => x * 2),
    [0, 2],
  );
  t.deepEqual(new Set(upTo(3)), new Set([0, 1, 2]));
  const [a, b] = upTo(5);
  t.deepEqual([a, b], [0, 1]);
});

test('leaving a loop early unwinds the fiber', (t) => {
  for (const leave of ['break', 'throw', 'return', 'continue outer']) {
    let unwound = 0;
    const fiber = upTo(5, () => unwound++);
    const loop = (): void => {
      outer: for (;;) {
        if (fiber.done) return;
        for (const value of fiber) {
          if (value < 2) continue;
          if (leave === 'break') break;
          if (leave === 'throw') throw new Error('left');
          if (leave === 'return') return;
          continue outer;
        }
        return;
      }
    };
    if (leave === 'throw') t.throws(loop, { message: 'left' });
    else loop();
    t.is(unwound, 1, leave);
    t.is(fiber.state, 'finished', leave);
  }
});

test('destructuring fewer than all unwinds the fiber', (t) => {
  let unwound = 0;
  const fiber = upTo(5, () => unwound++);
  const [first] = fiber;
  t.deepEqual([first, unwound, fiber.done], [0, 1, true]);
});

test('an error in finally comes out of a loop that is left early', (t) => {
  const fiber = upTo(5, () => {
    throw new Error('finally');
  });
  t.throws(
    () => {
      for (const _ of fiber) break;
    },
    { message: 'finally' },
  );
  t.is(fiber.state, 'finished');
});

test('the iterator is itself iterable, and every iterator of a fiber continues the same fiber', (t) => {
  const fiber = upTo(4);
  const one = fiber[Symbol.iterator]();
  const two = fiber[Symbol.iterator]();
  t.is(one[Symbol.iterator](), one);
  t.deepEqual([one.next().value, two.next().value, fiber.resume(), one.next().value], [0, 1, 2, 3]);
  t.deepEqual(two.next(), { done: true, value: 'returned' } as never);
  t.deepEqual(one.next(), { done: true, value: undefined } as never);
});

test("the iterator's return and throw are the fiber's", (t) => {
  const returned = upTo(3)[Symbol.iterator]();
  returned.next();
  t.deepEqual(returned.return?.('answer'), { done: true, value: 'answer' } as never);
  t.deepEqual(returned.next(), { done: true, value: undefined } as never);
  const thrown = upTo(3)[Symbol.iterator]();
  thrown.next();
  t.throws(() => thrown.throw?.(new Error('thrown')), { message: 'thrown' });
});

test('a generator can delegate to a fiber', (t) => {
  function* outer(): Generator<number, unknown, unknown> {
    const result = yield* upTo(2) as Iterable<number, unknown, unknown>;
    yield 9;
    return result;
  }
  const generator = outer();
  t.deepEqual([...generator], [0, 1, 9]);
  const again = outer();
  again.next();
  t.deepEqual(again.return('early'), { done: true, value: 'early' });
});

test('an iterated fiber may itself iterate fibers', (t) => {
  const nested = new Fiber<number>(() => {
    for (const outer of upTo(3)) for (const inner of upTo(outer)) Fiber.yield(outer * 10 + inner);
  });
  t.deepEqual([...nested], [10, 20, 21]);
});

test('Symbol.dispose unwinds, as `using` does at the end of a block', (t) => {
  t.is(typeof Symbol.dispose, 'symbol');
  let unwound = 0;
  const fiber = upTo(3, () => unwound++);
  fiber.resume();
  t.is(fiber[Symbol.dispose](), undefined);
  t.is(unwound, 1);
  t.is(fiber.state, 'finished');
  t.is(fiber[Symbol.dispose](), undefined);
  t.is(unwound, 1);
});

test('Symbol.dispose of a created fiber finishes it', (t) => {
  const fiber = upTo(3, () => t.fail());
  fiber[Symbol.dispose]();
  refused(t, 'ERR_FIBER_FINISHED', () => fiber.resume());
});

test('Symbol.dispose throws the error of a finally block', (t) => {
  const fiber = upTo(3, () => {
    throw new Error('disposing');
  });
  fiber.resume();
  t.throws(() => fiber[Symbol.dispose](), { message: 'disposing' });
});

test('Symbol.dispose of itself raises FiberKilled at the call', (t) => {
  let caught: unknown;
  const fiber: Fiber = new Fiber(() => {
    try {
      fiber[Symbol.dispose]();
    } catch (error) {
      caught = error;
      throw error;
    }
  });
  fiber.resume();
  t.true(caught instanceof FiberKilled);
  t.true(fiber.done);
});
