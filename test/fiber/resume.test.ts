/* eslint-disable @typescript-eslint/no-base-to-string, @typescript-eslint/no-implied-eval, @typescript-eslint/no-this-alias, @typescript-eslint/no-unnecessary-type-assertion, @typescript-eslint/no-unnecessary-type-conversion --
   on purpose: tests of odd programs */
import test from 'ava';
import { Fiber } from 'greenfiber';

test('resume passes a value in and answers what the fiber yielded, then what it returned', (t) => {
  const seen: unknown[] = [];
  const fiber = new Fiber<string, string, string>((first) => {
    seen.push(first);
    seen.push(Fiber.yield('yielded 1'));
    seen.push(Fiber.yield('yielded 2'));
    return 'returned';
  });
  t.is(fiber.resume('in 1'), 'yielded 1');
  t.is(fiber.resume('in 2'), 'yielded 2');
  t.is(fiber.resume('in 3'), 'returned');
  t.deepEqual(seen, ['in 1', 'in 2', 'in 3']);
});

test('the body does not run before the first resume', (t) => {
  let ran = false;
  const fiber = new Fiber(() => {
    ran = true;
  });
  t.false(ran);
  fiber.resume();
  t.true(ran);
});

test('values left out are undefined in every direction', (t) => {
  const seen: unknown[] = [];
  const fiber = new Fiber((first) => {
    seen.push(first, Fiber.yield());
  });
  t.is(fiber.resume(), undefined);
  t.is(fiber.resume(), undefined);
  t.deepEqual(seen, [undefined, undefined]);
});

test('the body gets exactly one argument and no receiver', (t) => {
  let got: unknown[] = [];
  let receiver: unknown = 'unset';
  const fiber = new Fiber(function (this: unknown, ...args: unknown[]) {
    got = args;
    receiver = this;
  });
  Reflect.apply(fiber.resume, fiber, [1, 2, 3]);
  t.deepEqual(got, [1]);
  t.is(receiver, undefined);
});

test('every kind of value crosses with its identity', (t) => {
  const values: unknown[] = [
    undefined,
    null,
    true,
    false,
    0,
    -0,
    1,
    -(2 ** 30),
    2 ** 31,
    2 ** 53,
    0.1,
    NaN,
    Infinity,
    10n ** 40n,
    '',
    'text',
    'ü'.repeat(1000),
    Symbol('unique'),
    {},
    [],
    () => undefined,
    new Map(),
    new Proxy({}, {}),
    Object.create(null),
    new ArrayBuffer(8),
    new Error('a value, not thrown'),
    Promise.resolve(),
    new Fiber(() => undefined),
  ];
  const echo = new Fiber((first) => {
    for (let value = first; ;) value = Fiber.yield(value);
  });
  for (const value of values) t.true(Object.is(echo.resume(value), value), String(typeof value));
  for (const value of values) {
    t.true(Object.is(new Fiber(() => value).resume(), value));
    t.true(Object.is(new Fiber((first) => first).resume(value), value));
  }
  echo.return();
});

test('a fiber yields at any call depth', (t) => {
  const dive = (depth: number): unknown => (depth === 0 ? Fiber.yield('bottom') : dive(depth - 1));
  for (const depth of [0, 1, 10, 100, 500]) {
    const fiber = new Fiber(() => dive(depth));
    t.is(fiber.resume(), 'bottom');
    t.is(fiber.resume(depth), depth);
  }
});

test('a fiber yields from different depths in turn and keeps its local variables', (t) => {
  const walk = (depth: number): number => {
    const kept = { depth };
    const got = Fiber.yield<number>(depth);
    const below = depth === 0 ? 0 : walk(depth - 1);
    Fiber.yield(depth);
    return below + got * kept.depth;
  };
  const fiber = new Fiber<number, number, number>(() => walk(5));
  const yielded: number[] = [];
  let answer = fiber.resume();
  while (!fiber.done) {
    yielded.push(answer);
    gc!();
    answer = fiber.resume(2);
  }
  t.deepEqual(yielded, [5, 4, 3, 2, 1, 0, 0, 1, 2, 3, 4, 5]);
  t.is(answer, 30);
});

test('fibers interleave freely', (t) => {
  const log: string[] = [];
  const make = (name: string): Fiber =>
    new Fiber(() => {
      for (let i = 0; i < 3; i++) {
        log.push(`${name}${i}`);
        Fiber.yield();
      }
    });
  const [a, b] = [make('a'), make('b')];
  a.resume();
  b.resume();
  b.resume();
  a.resume();
  a.resume();
  b.resume();
  t.deepEqual(log, ['a0', 'b0', 'b1', 'a1', 'a2', 'b2']);
  a.return();
  b.return();
});

test('a fiber resumes other fibers, and each yields to its own resumer', (t) => {
  const inner = new Fiber<string, string>(() => {
    Fiber.yield('inner yields');
    return 'inner returns';
  });
  const outer = new Fiber<string, string>(() => {
    Fiber.yield(`outer saw: ${inner.resume()}`);
    return `outer saw: ${inner.resume()}`;
  });
  t.is(outer.resume(), 'outer saw: inner yields');
  t.is(outer.resume(), 'outer saw: inner returns');
});

test('a fiber may be resumed each time by somebody else', (t) => {
  const counter = new Fiber<number, never>(() => {
    for (let i = 0; ; i++) Fiber.yield(i);
  });
  const ask = (): unknown => counter.resume();
  t.is(counter.resume(), 0);
  t.is(new Fiber(ask).resume(), 1);
  t.is(new Fiber(() => new Fiber(ask).resume()).resume(), 2);
  t.is(counter.resume(), 3);
  counter.return();
});

test('a fiber creates fibers, which outlive it', (t) => {
  const mother = new Fiber(() => {
    const child = new Fiber(() => Fiber.yield('child'));
    child.resume();
    return child;
  });
  const child = mother.resume() as Fiber;
  t.true(mother.done);
  t.is(child.resume('late'), 'late');
});

test('Fiber.yield works detached from the class', (t) => {
  const suspend = Fiber.yield;
  const fiber = new Fiber(() => suspend(1));
  t.is(fiber.resume(), 1);
  t.is(fiber.resume(2), 2);
});

test('an error from a built-in or from user code is caught inside the fiber as usual', (t) => {
  const fiber = new Fiber(() => {
    const caught: string[] = [];
    for (const source of ['null.x', 'undefined_name', 'new Array(-1)', 'throw new Error("own")']) {
      try {
        new Function(source)();
      } catch (error) {
        caught.push(Fiber.yield((error as Error).name) as string);
      }
    }
    return caught;
  });
  t.is(fiber.resume(), 'TypeError');
  t.is(fiber.resume('a'), 'ReferenceError');
  t.is(fiber.resume('b'), 'RangeError');
  t.is(fiber.resume('c'), 'Error');
  t.deepEqual(fiber.resume('d'), ['a', 'b', 'c', 'd']);
});

test('a fiber runs from a promise job and sleeps across the jobs of others', async (t) => {
  const fiber = new Fiber<string, string, string>(() => Fiber.yield<string>('asleep') + '!');
  t.is(await Promise.resolve().then(() => fiber.resume()), 'asleep');
  await new Promise((resolve) => setTimeout(resolve, 5));
  t.is(await Promise.resolve().then(() => fiber.resume('awake')), 'awake!');
});

test('a body that is an async function runs in the fiber until its first await', async (t) => {
  const fiber = new Fiber<string, Promise<string>, string>(async () => {
    const got = Fiber.yield<string>('before await');
    await Promise.resolve();
    return `${got}, ${String(Fiber.current)}`;
  });
  t.is(fiber.resume(), 'before await');
  const promise = fiber.resume('resumed');
  t.true(fiber.done);
  t.is(await promise, 'resumed, undefined');
});
