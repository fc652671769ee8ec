/* eslint-disable no-useless-assignment --
   on purpose: tests of odd programs */
import test from 'ava';
import { configure, Fiber, isSupported, engine, stats } from 'greenfiber';

import { runChild } from '../helpers/child';
import { stillWorks } from '../helpers/codes';

test('the engine is the one that was asked for', (t) => {
  t.true(isSupported);
  t.is(engine, (process.env['GREENFIBER_ENGINE'] ?? 'direct') as typeof engine);
});

test('thousands of fibers live at once, and stats goes back when they end', (t) => {
  const before = stats();
  const fibers = Array.from({ length: 5000 }, (_, i) => new Fiber(() => [i, Fiber.yield(i)]));
  t.is(stats().alive, before.alive);
  fibers.forEach((fiber) => fiber.resume());
  t.is(stats().alive, before.alive + 5000);
  t.true(stats().stacks.inUse >= 5000);
  gc!();
  fibers.forEach((fiber, i) => t.deepEqual(fiber.resume('x'), [i, 'x']));
  const after = stats();
  t.is(after.alive, before.alive);
  t.is(after.stacks.inUse, after.parked + before.stacks.inUse - before.parked);
  stillWorks(t);
});

test('one after the other, a hundred thousand fibers need no more stacks than one', (t) => {
  new Fiber(() => 1).resume();
  const { total } = stats().stacks;
  for (let i = 0; i < 100_000; i++) {
    if (new Fiber(() => i).resume() !== i) t.fail();
  }
  t.true(stats().stacks.total <= total + 1);
});

test('fibers that are returned, thrown out of and finished all give their stack back', (t) => {
  const before = stats();
  for (let round = 0; round < 20; round++) {
    const fibers = Array.from({ length: 100 }, () => new Fiber(() => Fiber.yield()));
    fibers.forEach((fiber) => fiber.resume());
    fibers.forEach((fiber, i) => {
      if (i % 3 === 0) fiber.return();
      else if (i % 3 === 1) fiber.resume();
      else t.throws(() => fiber.throw(new Error('x')));
    });
  }
  t.is(stats().alive, before.alive);
  t.true(stats().stacks.total <= before.stacks.total + 200);
});

test('the numbers of stats fit together', (t) => {
  const { alive, parked, stacks } = stats();
  t.true(alive >= 0 && parked >= 0);
  t.is(alive + parked, stacks.inUse);
  t.true(stacks.inUse + stacks.warm + stacks.cold <= stacks.total);
  t.true(stacks.reservedBytes > 0);
  t.is(typeof stacks.guard, 'string');
});

test("fibers of different stack sizes do not get in each other's way", (t) => {
  const sizes = [131072, 262144, 524288, 2 ** 20];
  const fibers = Array.from(
    { length: 300 },
    (_, i) => new Fiber(() => Fiber.yield(i), { stackSize: sizes[i % sizes.length]! }),
  );
  t.true(fibers.every((fiber, i) => fiber.resume() === i));
  t.true(fibers.every((fiber, i) => fiber.resume(i) === i));
});

test('the pool keeps as many warm stacks as it is told to', (t) => {
  configure({ poolSize: 0 });
  const burst = (): void => {
    const fibers = Array.from({ length: 500 }, () => new Fiber(() => Fiber.yield()));
    fibers.forEach((fiber) => fiber.resume());
    fibers.forEach((fiber) => fiber.resume());
  };
  burst();
  t.is(stats().stacks.warm, 0);
  configure({ poolSize: 100 });
  burst();
  t.true(stats().stacks.warm <= 100 * 6);
  configure({ poolSize: 256 });
  stillWorks(t);
});

test('unreachable created fibers cost nothing', (t) => {
  // A collection may come in between, leave out more stacks than the one before, and visit others.
  const counted = () => ({ ...stats(), flatScavenges: undefined, shapeMaps: undefined });
  const before = counted();
  for (let i = 0; i < 10_000; i++) new Fiber(() => i);
  t.deepEqual(counted(), before);
});

test('objects that only a suspended fiber holds stay alive, and are freed after it', async (t) => {
  let reference: WeakRef<object> | undefined;
  let fiber: Fiber | undefined = new Fiber(() => {
    const held = { big: new Array(1000).fill(0) };
    reference = new WeakRef(held);
    Fiber.yield();
    return held.big.length;
  });
  fiber.resume();
  await new Promise((resolve) => setImmediate(resolve));
  gc!();
  t.not(reference!.deref(), undefined);
  t.is(fiber.resume(), 1000);
  fiber = undefined;
  for (let i = 0; i < 5 && reference!.deref() !== undefined; i++) {
    new Fiber(() => 1).resume();
    await new Promise((resolve) => setImmediate(resolve));
    gc!();
  }
  t.is(reference!.deref(), undefined);
});

test('stacks of finished fibers wait for the next bodies, as many as the pool may hold', async (t) => {
  const { stdout, stderr } = await runChild(({ configure, Fiber, stats }) => {
    const round = (count: number): [parked: number, total: number] => {
      const fibers = Array.from({ length: count }, () => new Fiber(() => Fiber.yield()));
      for (let i = 0; i < 2; i++) for (const fiber of fibers) fiber.resume();
      return [stats().parked, stats().stacks.total];
    };
    const rounds = [round(200), round(200), round(400)];
    configure({ poolSize: 0 });
    const [parked] = round(400);
    console.log(JSON.stringify([...rounds.map(([parked]) => parked), parked]));
  });
  t.is(stderr, '');
  t.deepEqual(JSON.parse(stdout), [200, 200, 256, 0]);
});
