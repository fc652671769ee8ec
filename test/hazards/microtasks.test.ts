// Microtasks and nextTicks: drained by the event loop as ever, and a drain is never left in the middle.
import test from 'ava';
import { Fiber } from 'greenfiber';

import { answerOf } from '../helpers/answer';
import { addonPath } from '../helpers/test-addon';

test('a fiber can be resumed from microtasks, nextTicks and timers in turn', async (t) => {
  const answer = await answerOf(t, ({ Fiber }) => {
    const order: string[] = [];
    const fiber = new Fiber(() => {
      for (let i = 0; i < 3; i++) {
        order.push(`fiber ${i}`);
        void Promise.resolve().then(() => order.push(`its microtask ${i}`));
        Fiber.yield();
      }
    });
    void Promise.resolve().then(() => {
      fiber.resume();
      order.push('microtask');
    });
    process.nextTick(() => {
      fiber.resume();
      order.push('tick');
    });
    setImmediate(() => {
      fiber.resume();
      order.push('immediate');
      setImmediate(() => {
        console.log(JSON.stringify(order));
      });
    });
  });
  t.deepEqual(answer, [
    'fiber 0',
    'tick',
    'fiber 1',
    'microtask',
    'its microtask 0',
    'its microtask 1',
    'fiber 2',
    'immediate',
    'its microtask 2',
  ]);
});

test('a fiber that sleeps in a microtask of the event loop does not hold up the next ones', async (t) => {
  const seen: string[] = [];
  const fiber = new Fiber(() => {
    for (let i = 0; i < 3; i++) seen.push(Fiber.yield<string>());
  });
  await Promise.all([
    Promise.resolve().then(() => fiber.resume()),
    Promise.resolve().then(() => fiber.resume('a')),
    Promise.resolve().then(() => fiber.resume('b')),
  ]);
  await Promise.resolve();
  fiber.resume('c');
  t.deepEqual(seen, ['a', 'b', 'c']);
});

// These drain by hand, so they cannot run in a test, which is part of a drain itself.
const program = (body: string): string => `
  const { Fiber } = require('greenfiber');
  const addon = require(${JSON.stringify(addonPath('v8_addon'))});
  const seen = [];
  const ask = () => {
    seen.push(Fiber.isYieldable());
    try {
      seen.push(Fiber.yield('left'));
    } catch (error) {
      seen.push(error.code);
    }
  };
  ${body}
  process.on('exit', () => console.log(JSON.stringify(seen)));`;

test('a microtask drain that was started inside the fiber cannot be left', async (t) => {
  const body = `
    const fiber = new Fiber(() => {
      Promise.resolve().then(ask);
      addon.performCheckpoint();
      ask();
    });
    fiber.resume();
    seen.push(fiber.state);
    fiber.resume('yields again');
    seen.push(new Fiber(() => Fiber.yield('fine')).resume());`;
  const expected = [false, 'ERR_FIBER_NOT_YIELDABLE', true, 'suspended', 'yields again', 'fine'];
  t.deepEqual(await answerOf(t, program(body)), expected);
});

test('a fiber may end with a MakeCallback of an addon whose microtasks and ticks want to yield', async (t) => {
  const body = `
    const fiber = new Fiber(() => {
      addon.makeCallback(() => {
        process.nextTick(ask);
        Promise.resolve().then(ask);
      }, 100, 1);
      return 'end';
    });
    setImmediate(() => {
      const answer = fiber.resume();
      seen.push(fiber.done ? answer : 'not done');
    });`;
  const seen = (await answerOf(t, program(body))) as unknown[];
  t.true(seen.includes('end'), JSON.stringify(seen));
});

test('a fiber resumed by a microtask of a drain in another fiber may yield to it', async (t) => {
  const body = `
    const inner = new Fiber(() => Fiber.yield(Fiber.isYieldable()));
    const outer = new Fiber(() => {
      Promise.resolve().then(() => seen.push(inner.resume()));
      addon.performCheckpoint();
      seen.push(inner.resume('again'));
      return 'end';
    });
    seen.push(outer.resume());`;
  t.deepEqual(await answerOf(t, program(body)), [true, 'again', 'end']);
});

test('a drain is not left by a transfer either, of a fiber that the draining one waits for', async (t) => {
  const body = `
    const other = new Fiber(() => 'other');
    const inner = new Fiber(() => {
      try { other.transfer(); } catch (error) { seen.push(error.code); }
      Fiber.yield('inner yields');
      return other.transfer();
    });
    const outer = new Fiber(() => {
      Promise.resolve().then(() => seen.push(inner.resume()));
      addon.performCheckpoint();
      return inner.resume();
    });
    seen.push(outer.resume());`;
  t.deepEqual(await answerOf(t, program(body)), [
    'ERR_FIBER_NOT_YIELDABLE',
    'inner yields',
    'other',
  ]);
});

test('suspended fibers neither stop nor repeat the drains of the main stack', async (t) => {
  const body = `
    const order = [];
    const fibers = [1, 2, 3].map((i) => new Fiber(() => addon.insideMicrotasksScope(() => { Fiber.yield(); order.push('f' + i); })));
    fibers.forEach((fiber) => fiber.resume());
    Promise.resolve().then(() => order.push('m1'));
    process.nextTick(() => order.push('t1'));
    setTimeout(() => {
      Promise.resolve().then(() => order.push('m2'));
      setTimeout(() => {
        [1, 0, 2].forEach((i) => fibers[i].resume());
        Promise.resolve().then(() => order.push('m3'));
        setTimeout(() => seen.push(...order), 1);
      }, 1);
    }, 1);`;
  t.deepEqual(await answerOf(t, program(body)), ['t1', 'm1', 'm2', 'f2', 'f1', 'f3', 'm3']);
});

test('an await in an async function on a fiber continues on the main stack', async (t) => {
  const seen: unknown[] = [];
  const fiber = new Fiber(() => {
    const work = async (): Promise<void> => {
      seen.push(Fiber.current === fiber);
      await Promise.resolve();
      seen.push(Fiber.current === undefined);
    };
    return work();
  });
  await fiber.resume();
  t.deepEqual(seen, [true, true]);
});
