// node-fibers: many fibers, deep ones, and no stack to be had.
import test from 'ava';
import { configure, stats } from 'greenfiber';
import Fiber from 'greenfiber/fibers';

import { runChild } from '../helpers/child';

const sleeping = () => {
  const fiber = Fiber(() => Fiber.yield('asleep'));
  fiber.run();
  return fiber;
};

test('poolSize is 120, and that of configure()', async (t) => {
  t.is(Fiber.poolSize, 120);
  try {
    configure({ poolSize: 7 });
    t.is(Fiber.poolSize, 7);
    Reflect.set(Fiber, 'poolSize', '30');
    t.is(Fiber.poolSize, 30);
    Fiber.poolSize = 1e9;
    t.is(Fiber.poolSize, 1_000_000);
    for (const bad of [-1, NaN, 'many']) {
      const code = 'ERR_FIBER_INVALID_ARG_VALUE';
      t.throws(() => Reflect.set(Fiber, 'poolSize', bad), { code, message: /Fiber\.poolSize/ });
    }
    t.is(Fiber.poolSize, 1_000_000);
  } finally {
    Fiber.poolSize = 120;
  }
  const { stdout } = await runChild(`
    require('greenfiber').configure({ poolSize: 256 });
    console.log(require('greenfiber/fibers').poolSize);`);
  t.is(stdout, '256\n');
});

test('fibersCreated counts the stacks that the pool could not give', async (t) => {
  const { stdout } = await runChild(`
    const Fiber = require('greenfiber/fibers');
    const counts = [Fiber.fibersCreated];
    const round = (n) => {
      const fibers = Array.from({ length: n }, () => Fiber(() => Fiber.yield()));
      for (const fiber of fibers) fiber.run();
      for (const fiber of fibers) fiber.run();
      counts.push(Fiber.fibersCreated);
    };
    round(100); round(100); round(200); round(200);
    console.log(counts.join());`);
  t.is(stdout, '0,100,100,200,280\n'); // with 120 in the pool
});

test('more fibers than the pool holds come and go', (t) => {
  const before = stats().alive;
  for (let round = 0; round < 10; round++) {
    const fibers = Array.from({ length: 200 }, sleeping);
    for (const fiber of fibers) fiber.run();
  }
  t.is(stats().alive, before);
});

test('fibers of three depths finish inside each other', (t) => {
  const innermost = Fiber(() => Fiber(() => Fiber(() => 'done').run()).run());
  t.is(innermost.run(), 'done');
});

test('endless recursion in a fiber is a RangeError', (t) => {
  const recurse = (): number => recurse() + 1;
  t.throws(() => Fiber(recurse).run(), { instanceOf: RangeError });
});

test('no stack to be had is a RangeError, and the fiber can be tried again', async (t) => {
  const { stdout, code } = await runChild(`
    const Fiber = require('greenfiber/fibers');
    const { FiberError, Fiber: Greenfiber } = require('greenfiber');
    const { resume } = Greenfiber.prototype;
    const fiber = Fiber(() => 'well');
    Greenfiber.prototype.resume = () => { throw new FiberError('ERR_FIBER_OUT_OF_MEMORY', 'none'); };
    try { fiber.run(); } catch (error) {
      console.log(error.constructor.name, error.message, error.cause.code, fiber.started);
    }
    Greenfiber.prototype.resume = resume;
    console.log(fiber.run());`);
  t.is(stdout, 'RangeError Out of memory ERR_FIBER_OUT_OF_MEMORY false\nwell\n');
  t.is(code, 0);
});
