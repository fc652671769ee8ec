import test from 'ava';
import { Fiber, FiberError } from 'greenfiber';

import { refused, stillWorks } from '../helpers/codes';

test('yield on the main stack is refused', (t) => {
  const error = refused(t, 'ERR_FIBER_NOT_IN_FIBER', () => Fiber.yield(1));
  t.is(error?.name, 'FiberError');
  t.true(error instanceof Error);
  t.regex(String(error?.stack), /mistakes\.test/);
  stillWorks(t);
});

test('yield on the main stack is refused while fibers are suspended, and they stay usable', (t) => {
  const fiber = new Fiber(() => Fiber.yield(1));
  fiber.resume();
  refused(t, 'ERR_FIBER_NOT_IN_FIBER', () => Fiber.yield());
  t.is(fiber.state, 'suspended');
  t.is(fiber.resume('on'), 'on');
});

test('yield in a timer, a promise job or a nextTick is refused: they run on the main stack', async (t) => {
  const run = [
    (call: () => void) => void setTimeout(call, 1),
    (call: () => void) => void setImmediate(call),
    (call: () => void) => void Promise.resolve().then(call),
    (call: () => void) => process.nextTick(call),
    (call: () => void) => queueMicrotask(call),
  ];
  for (const later of run) {
    await new Promise<void>((resolve) => {
      new Fiber(() => {
        later(() => {
          t.is(Fiber.current, undefined);
          refused(t, 'ERR_FIBER_NOT_IN_FIBER', () => Fiber.yield());
          resolve();
        });
      }).resume();
    });
  }
});

test('a fiber that resumes itself is refused and goes on', (t) => {
  const fiber: Fiber = new Fiber(() => {
    refused(t, 'ERR_FIBER_RUNNING', () => fiber.resume());
    refused(t, 'ERR_FIBER_RUNNING', () => fiber.next());
    t.is(fiber.state, 'running');
    return Fiber.yield('fine');
  });
  t.is(fiber.resume(), 'fine');
  t.is(fiber.resume('end'), 'end');
});

test('a fiber that resumes its resumer, however far above, is refused and everybody goes on', (t) => {
  const a: Fiber = new Fiber(() => [b.resume(), Fiber.yield('a')]);
  const b: Fiber = new Fiber(() => [c.resume(), Fiber.yield('b')]);
  const c: Fiber = new Fiber(() => {
    for (const target of [a, b, c]) {
      refused(t, 'ERR_FIBER_RUNNING', () => target.resume());
      refused(t, 'ERR_FIBER_RUNNING', () => target.next());
    }
    t.deepEqual([a.state, b.state, c.state], ['resuming', 'resuming', 'running']);
    return 'c';
  });
  t.is(a.resume(), 'a');
  t.deepEqual(a.resume('end'), ['b', 'end']);
  t.deepEqual(b.resume('end'), ['c', 'end']);
});

test('a finished fiber cannot be resumed or thrown into', (t) => {
  const returned = new Fiber(() => 1);
  returned.resume();
  const threw = new Fiber(() => {
    throw new Error('x');
  });
  t.throws(() => threw.resume());
  const killed = new Fiber(() => Fiber.yield());
  killed.resume();
  killed.return();
  const unborn = new Fiber(() => 1);
  unborn.return();
  for (const fiber of [returned, threw, killed, unborn]) {
    refused(t, 'ERR_FIBER_FINISHED', () => fiber.resume());
    refused(t, 'ERR_FIBER_FINISHED', () => fiber.throw(new Error('y')));
    refused(t, 'ERR_FIBER_FINISHED', () => fiber.transfer());
    t.deepEqual(fiber.next(), { done: true, value: undefined });
    t.is(fiber.state, 'finished');
  }
  stillWorks(t);
});

test('a finished fiber is refused after its stack went to another one, which is not touched', (t) => {
  const old = new Fiber(() => 1);
  old.resume();
  const heirs = Array.from({ length: 40 }, (_, i) => new Fiber(() => Fiber.yield(i)));
  heirs.forEach((heir) => heir.resume());
  refused(t, 'ERR_FIBER_FINISHED', () => old.resume());
  refused(t, 'ERR_FIBER_FINISHED', () => old.throw(1));
  t.deepEqual(old.return(), { done: true, value: undefined });
  heirs.forEach((heir, i) => t.is(heir.resume(i), i));
});

test('a refusal inside a fiber can escape to the resumer as any error', (t) => {
  const fiber: Fiber = new Fiber(() => fiber.resume());
  refused(t, 'ERR_FIBER_RUNNING', () => fiber.resume());
  t.is(fiber.state, 'finished');
});

test('ten thousand mistakes leave nothing behind', (t) => {
  const fiber = new Fiber(() => {
    for (;;) Fiber.yield();
  });
  fiber.resume();
  const finished = new Fiber(() => 1);
  finished.resume();
  for (let i = 0; i < 10_000; i++) {
    for (const call of [() => Fiber.yield(), () => finished.resume()]) {
      try {
        call();
        t.fail();
      } catch (error) {
        if (!(error instanceof FiberError)) throw error;
      }
    }
  }
  t.is(fiber.resume(), undefined);
  fiber.return();
  stillWorks(t);
});
