/* eslint-disable @typescript-eslint/no-extraneous-class --
   on purpose: tests of odd programs */
import test from 'ava';
import { configure, Fiber, FiberError, stats } from 'greenfiber';

import { stillWorks } from '../helpers/codes';

const KIB = 1024;
const notStrings = [null, 0, 1n, true, {}, [], () => 1, Symbol('s'), new Map()];
const notNumbers: unknown[] = [
  null,
  '65536',
  65536n,
  true,
  {},
  [65536],
  () => 1,
  Symbol('s'),
  { valueOf: () => 65536 },
];
const badSizes = [
  NaN,
  Infinity,
  -Infinity,
  -1,
  0,
  1,
  131071,
  131072.5,
  2 ** 24 + 1,
  2 ** 31,
  2 ** 32,
  2 ** 32 + 131072,
  2 ** 53,
  1e300,
];

const attempt = (call: () => unknown): FiberError => {
  try {
    call();
  } catch (error) {
    if (error instanceof FiberError) return error;
    throw error;
  }
  throw new Error('it was accepted');
};

test('a body that is no function is refused, by name', (t) => {
  for (const body of [
    undefined,
    null,
    0,
    'code',
    {},
    [],
    Symbol('s'),
    new Proxy({}, {}),
    Object.create(null),
  ]) {
    const error = attempt(() => new Fiber(body as never));
    t.is(error.code, 'ERR_FIBER_INVALID_ARG_TYPE');
    t.regex(error.message, /body/);
  }
  stillWorks(t);
});

test('every callable is a body', (t) => {
  t.is(new Fiber(new Proxy(() => 1, {})).resume(), 1);
  t.is(new Fiber((() => 2).bind(undefined)).resume(), 2);
  t.is(new Fiber(Math.abs as () => unknown).resume(-3), 3);
  t.is(typeof new Fiber(function* () {}).resume(), 'object'); // eslint-disable-line @typescript-eslint/no-empty-function
  t.throws(() => new Fiber(class {} as never).resume(), { instanceOf: TypeError });
  stillWorks(t);
});

test('options that are no object are refused, by name', (t) => {
  for (const options of [null, 0, 'name', true, Symbol('s'), 1n, () => 1]) {
    const error = attempt(() => new Fiber(() => 1, options as never));
    t.is(error.code, 'ERR_FIBER_INVALID_ARG_TYPE');
    t.regex(error.message, /options/);
  }
  t.is(new Fiber(() => 1, undefined).resume(), 1);
  t.is(new Fiber(() => 1, {}).resume(), 1);
  t.is(new Fiber(() => 1, { name: undefined, stackSize: undefined } as never).resume(), 1);
  t.is(new Fiber(() => 1, Object.create(null) as object).resume(), 1);
  stillWorks(t);
});

test('a name that is no string is refused', (t) => {
  for (const name of notStrings) {
    const error = attempt(() => new Fiber(() => 1, { name: name as never }));
    t.is(error.code, 'ERR_FIBER_INVALID_ARG_TYPE');
    t.regex(error.message, /options\.name/);
  }
  stillWorks(t);
});

test('a stack size that is no number is refused', (t) => {
  for (const stackSize of notNumbers) {
    const error = attempt(() => new Fiber(() => 1, { stackSize: stackSize as never }));
    t.is(error.code, 'ERR_FIBER_INVALID_ARG_TYPE');
    t.regex(error.message, /options\.stackSize/);
  }
  stillWorks(t);
});

test('a stack size out of range is refused', (t) => {
  for (const stackSize of badSizes) {
    const error = attempt(() => new Fiber(() => 1, { stackSize }));
    t.is(error.code, 'ERR_FIBER_INVALID_ARG_VALUE');
    t.regex(error.message, /options\.stackSize/);
  }
  stillWorks(t);
});

test('every stack size in the range works, also odd ones', (t) => {
  for (const stackSize of [
    128 * KIB,
    128 * KIB + 1,
    200_000,
    262_144,
    1_000_003,
    2 ** 20,
    2 ** 24 - 1,
    2 ** 24,
  ]) {
    const fiber = new Fiber((x: number) => [1].map(() => Fiber.yield<number>(x) + 1)[0], {
      stackSize,
    });
    t.is(fiber.resume(1), 1);
    t.is(fiber.resume(2), 3);
  }
});

test('an option is read once, and an error of its getter goes to the caller', (t) => {
  let reads = 0;
  const counting = {
    get stackSize() {
      reads++;
      return reads === 1 ? 131072 : ('changed' as never);
    },
  };
  t.is(new Fiber(() => 1, counting).resume(), 1);
  t.is(reads, 1);
  const hostile = {
    get name(): string {
      throw new Error('getter');
    },
  };
  t.throws(() => new Fiber(() => 1, hostile), { message: 'getter' });
  stillWorks(t);
});

test('refused options create nothing', (t) => {
  const { alive, parked, stacks } = stats();
  for (let i = 0; i < 1000; i++) attempt(() => new Fiber(() => 1, { stackSize: -i }));
  t.like(stats(), { alive, parked, stacks });
});

test('configure refuses what a fiber would refuse, by name, and changes nothing then', (t) => {
  for (const configuration of [undefined, null, 1, 'x', () => 1]) {
    const error = attempt(() => configure(configuration as never));
    t.is(error.code, 'ERR_FIBER_INVALID_ARG_TYPE');
    t.regex(error.message, /configuration/);
  }
  for (const value of notNumbers) {
    for (const key of ['stackSize', 'poolSize']) {
      const error = attempt(() => configure({ [key]: value }));
      t.is(error.code, 'ERR_FIBER_INVALID_ARG_TYPE');
      t.true(error.message.includes(key));
    }
  }
  for (const stackSize of badSizes) {
    t.is(attempt(() => configure({ stackSize })).code, 'ERR_FIBER_INVALID_ARG_VALUE');
  }
  for (const poolSize of [-1, 0.5, NaN, Infinity, 1e12]) {
    t.is(attempt(() => configure({ poolSize })).code, 'ERR_FIBER_INVALID_ARG_VALUE');
  }
  stillWorks(t);
});

test('configure sets the stack size of fibers that name none', (t) => {
  const depth = (): number => {
    let deepest = 0;
    const dive = (level: number): void => {
      deepest = level;
      dive(level + 1);
    };
    t.throws(() => new Fiber(() => dive(1)).resume(), { instanceOf: RangeError });
    return deepest;
  };
  const usual = depth();
  configure({ stackSize: 2 ** 20 });
  t.true(depth() > usual * 3);
  configure({ stackSize: 131_072 });
  t.true(depth() < usual * 0.6);
  configure({ stackSize: 262_144 });
  t.true(Math.abs(depth() - usual) < usual / 4);
  configure({ poolSize: 0 });
  stillWorks(t);
  configure({ poolSize: 256 });
});
