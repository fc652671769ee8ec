import { AsyncResource, executionAsyncId } from 'node:async_hooks';

import test from 'ava';
import { Fiber, stats } from 'greenfiber';

import { runChild } from '../helpers/child';
import { refused, stillWorks } from '../helpers/codes';

test('transfer starts a fiber, and its end comes back to the main stack', (t) => {
  const fiber = new Fiber((first) => `got ${String(first)}`);
  t.is(fiber.transfer('in'), 'got in');
  t.is(fiber.state, 'finished');
});

test('fibers transfer to each other, and values go along', (t) => {
  const log: unknown[] = [];
  const a: Fiber = new Fiber((first) => {
    log.push(['a', first]);
    log.push(['a', b.transfer('from a')]);
    log.push(['a', b.transfer('again')]);
    t.fail('nobody comes back');
  });
  const b: Fiber = new Fiber((first) => {
    log.push(['b', first]);
    log.push(['b', a.transfer('from b')]);
    t.deepEqual([a.state, b.state], ['suspended', 'running']);
    return 'b ends';
  });
  t.is(a.transfer('start'), 'b ends');
  t.deepEqual(log, [
    ['a', 'start'],
    ['b', 'from a'],
    ['a', 'from b'],
    ['b', 'again'],
  ]);
  t.deepEqual([a.state, b.state], ['suspended', 'finished']);
  a.return();
});

test('when a fiber entered by transfer finishes, control goes to the main stack if it waits for nobody', (t) => {
  const c = new Fiber(() => 'c ends');
  const b = new Fiber(() => {
    c.transfer();
    t.fail('b is not continued');
  });
  const a = new Fiber(() => {
    b.transfer();
    t.fail('a is not continued');
  });
  t.is(a.transfer(), 'c ends');
  t.deepEqual([a.state, b.state, c.state], ['suspended', 'suspended', 'finished']);
  a.return();
  b.return();
});

test('an error that leaves a fiber entered by transfer goes to the main stack', (t) => {
  const error = new Error('transferred');
  const b = new Fiber(() => {
    throw error;
  });
  const a = new Fiber(() => {
    try {
      b.transfer();
    } catch (caught) {
      t.not(caught, error, 'not to a');
    }
  });
  t.is(
    t.throws(() => a.transfer()),
    error,
  );
  t.deepEqual([a.state, b.state], ['suspended', 'finished']);
  a.return();
});

test('a fiber entered by transfer may not yield', (t) => {
  const fiber = new Fiber(() => {
    refused(t, 'ERR_FIBER_TRANSFER', () => Fiber.yield());
    t.false(Fiber.isYieldable());
    return 'end';
  });
  t.is(fiber.transfer(), 'end');
});

test('a fiber entered by transfer may not be resumed', (t) => {
  const a: Fiber = new Fiber(() => b.transfer());
  const b: Fiber = new Fiber(() => {
    refused(t, 'ERR_FIBER_TRANSFER', () => a.resume());
    refused(t, 'ERR_FIBER_TRANSFER', () => a.next());
    return 'b';
  });
  t.is(a.transfer(), 'b');
  refused(t, 'ERR_FIBER_TRANSFER', () => a.resume());
  refused(t, 'ERR_FIBER_TRANSFER', () => a.next());
  t.is(a.state, 'suspended');
  t.is(a.transfer('a'), 'a');
});

test('a fiber that yielded can only be resumed', (t) => {
  const fiber = new Fiber(() => Fiber.yield('asleep'));
  fiber.resume();
  refused(t, 'ERR_FIBER_TRANSFER', () => fiber.transfer());
  t.is(fiber.state, 'suspended');
  new Fiber(() => refused(t, 'ERR_FIBER_TRANSFER', () => fiber.transfer())).resume();
  t.is(fiber.resume('awake'), 'awake');
});

test('a fiber that was resumed and transferred away can only be transferred to', (t) => {
  const a: Fiber = new Fiber(() => b.transfer());
  const b: Fiber = new Fiber(() => {
    refused(t, 'ERR_FIBER_TRANSFER', () => a.resume());
    t.is(a.state, 'suspended');
    return a.transfer('back');
  });
  t.is(a.resume(), 'back');
  t.deepEqual([a.state, b.state], ['finished', 'suspended']);
  b.return();
});

test('a fiber that was resumed, transferred away and came back yields to its resumer', (t) => {
  const a: Fiber = new Fiber(() => {
    const got = b.transfer('to b');
    return Fiber.yield(['back', got]);
  });
  const b: Fiber = new Fiber((first) => a.transfer(['b saw', first]));
  const resumer = new Fiber(() => {
    const yielded = a.resume();
    return [yielded, a.resume('end')];
  });
  t.deepEqual(resumer.resume(), [['back', ['b saw', 'to b']], 'end']);
  t.deepEqual([resumer.state, a.state, b.state], ['finished', 'finished', 'suspended']);
  b.return();
});

test('while it is away, its resumer goes on waiting', (t) => {
  const a: Fiber = new Fiber(() => b.transfer());
  const b: Fiber = new Fiber(() => {
    t.deepEqual([resumer.state, a.state, b.state], ['resuming', 'suspended', 'running']);
    refused(t, 'ERR_FIBER_RUNNING', () => resumer.resume());
    refused(t, 'ERR_FIBER_TRANSFER', () => resumer.transfer());
    return a.transfer('done');
  });
  const resumer: Fiber = new Fiber(() => a.resume());
  t.is(resumer.resume(), 'done');
  b.return();
});

test('transfer to a fiber that is resuming is refused', (t) => {
  const parent: Fiber = new Fiber(() => child.resume());
  const child: Fiber = new Fiber(() => {
    refused(t, 'ERR_FIBER_TRANSFER', () => parent.transfer());
    return 'fine';
  });
  t.is(parent.resume(), 'fine');
});

test('transfer to itself answers its argument', (t) => {
  const value = {};
  const fiber: Fiber = new Fiber(() => {
    t.is(fiber.transfer(value), value);
    t.is(fiber.transfer(), undefined);
    t.is(fiber.state, 'running');
    return Fiber.yield('still yields');
  });
  t.is(fiber.resume(), 'still yields');
  t.is(fiber.resume(1), 1);
  const transferred: Fiber = new Fiber(() => transferred.transfer(value));
  t.is(transferred.transfer(), value);
});

test('transfer to a finished fiber is refused', (t) => {
  const fiber = new Fiber(() => 1);
  fiber.transfer();
  refused(t, 'ERR_FIBER_FINISHED', () => fiber.transfer());
  new Fiber(() => refused(t, 'ERR_FIBER_FINISHED', () => fiber.transfer())).resume();
  new Fiber(() => refused(t, 'ERR_FIBER_FINISHED', () => fiber.transfer())).transfer();
});

test('a fiber entered by transfer may resume others', (t) => {
  const child = new Fiber(() => Fiber.yield('child yields'));
  const fiber = new Fiber(() => [child.resume(), child.resume('child ends')]);
  t.deepEqual(fiber.transfer(), ['child yields', 'child ends']);
});

test('a fiber transfers away from any depth, through built-ins', (t) => {
  const b: Fiber = new Fiber(() => {
    for (let i = 1; ; i++) a.transfer(i);
  });
  const a: Fiber = new Fiber(() => [3, 1, 2].map(() => b.transfer()));
  t.deepEqual(a.transfer(), [1, 2, 3]);
  b.return();
});

test('a long chain of transfers does not nest', (t) => {
  let hops = 0;
  const ring: Fiber[] = Array.from(
    { length: 10 },
    (_, i): Fiber =>
      new Fiber(() => {
        while (hops++ < 20_000) ring[(i + 1) % 10]!.transfer();
        return 'end of the chain';
      }),
  );
  t.is(ring[0]!.transfer(), 'end of the chain');
  t.is(hops, 20_001);
  for (const fiber of ring) fiber.return();
  t.true(ring.every((fiber) => fiber.done));
});

test('throw raises in a fiber that transferred away', (t) => {
  const error = new Error('raised');
  const b = new Fiber(() => 'b');
  const a = new Fiber(() => {
    try {
      b.transfer();
    } catch (caught) {
      return caught;
    }
    return 'no error';
  });
  t.is(a.transfer(), 'b');
  t.is(a.throw(error), error);
  t.is(a.state, 'finished');
});

test('return unwinds a fiber that transferred away, and its stack comes back', (t) => {
  const { alive } = stats();
  let unwound = false;
  const b = new Fiber(() => 'b');
  const a = new Fiber(() => {
    try {
      b.transfer();
    } finally {
      unwound = true;
    }
  });
  a.transfer();
  t.is(stats().alive, alive + 1);
  t.deepEqual(a.return(), { done: true, value: undefined });
  t.true(unwound);
  t.is(stats().alive, alive);
});

test('a transfer is a suspension: a fiber that is being unwound cannot transfer away', (t) => {
  const other = new Fiber(() => t.fail('entered'));
  let code: unknown;
  const fiber = new Fiber(() => {
    try {
      Fiber.yield();
    } finally {
      try {
        other.transfer();
      } catch (error) {
        code = (error as { code: string }).code;
      }
    }
  });
  fiber.resume();
  fiber.return();
  t.is(code, 'ERR_FIBER_KILLED');
  t.is(other.state, 'created');
});

test('unwinding a fiber that somebody resumed and that is away leaves the resumer whole', (t) => {
  const { alive } = stats();
  const log: unknown[] = [];
  const a: Fiber = new Fiber(() => b.transfer());
  const b: Fiber = new Fiber(() => {
    log.push(a.return('unwound').value, a.state);
    return 'b ends';
  });
  const resumer: Fiber = new Fiber(() => {
    log.push('resumer got', a.resume());
    return 'resumer ends';
  });
  resumer.resume();
  t.deepEqual(log.slice(0, 2), ['unwound', 'finished']);
  t.is(b.state, 'finished');
  gc!();
  // Whatever its resumer was answered, it is not lost: it can be unwound.
  resumer.return();
  t.is(resumer.state, 'finished');
  t.is(stats().alive, alive);
  stillWorks(t);
});

test('throw into a fiber that waits for one that is away goes through all of them to the caller', (t) => {
  const { alive } = stats();
  const error = new Error('raised');
  const caught: unknown[] = [];
  const tip = new Fiber(() => {
    try {
      return Fiber.main.transfer();
    } catch (raised) {
      caught.push(raised);
      throw raised;
    }
  });
  const resumer = new Fiber(() => {
    try {
      return tip.resume();
    } catch (raised) {
      caught.push(raised);
      return Fiber.yield('went on');
    }
  });
  const first: Fiber = new Fiber(() => resumer.resume());
  first.transfer();
  t.is(resumer.throw(error), 'went on');
  t.deepEqual(caught, [error, error]);
  t.deepEqual([tip.state, resumer.state, first.state], ['finished', 'suspended', 'suspended']);
  t.is(resumer.resume('end'), 'end');
  t.is(first.transfer('its place was taken'), 'its place was taken');
  t.is(stats().alive, alive);
});

test('fibers that transferred away may throw into each other: native code does not spin', async (t) => {
  const { code, signal, stdout, stderr } = await runChild(
    ({ Fiber }) => {
      type AnyFiber = import('greenfiber').Fiber;
      const a: AnyFiber = new Fiber(() => {
        for (const other of [b, c, b]) {
          try {
            other.transfer();
          } catch (error) {
            console.log(error);
          }
        }
      });
      const b: AnyFiber = new Fiber(() => a.throw('from b'));
      const c: AnyFiber = new Fiber(() => a.throw('from c'));
      a.transfer();
      console.log([a, b, c].map(({ state }) => state).join());
      for (const fiber of [a, b, c]) fiber.return();
      console.log([a, b, c].every(({ done }) => done));
    },
    { timeout: 20_000 },
  );
  t.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
  t.deepEqual(stdout.split('\n').slice(0, 2), ['from b', 'from c']);
  t.regex(stdout, /true\n$/);
});

test('the asynchronous context of a line of fibers goes away and comes back with it', (t) => {
  const ids: number[] = [];
  const outside = executionAsyncId();
  const scope = new AsyncResource('Scope');
  const other = new Fiber(() => {
    ids.push(executionAsyncId());
    tip.transfer();
  });
  const tip: Fiber = new Fiber(() => {
    const own = executionAsyncId();
    other.transfer();
    t.is(executionAsyncId(), own);
  });
  const resumer = new Fiber(() => {
    const own = executionAsyncId();
    scope.runInAsyncScope(() => {
      tip.resume();
      t.is(executionAsyncId(), scope.asyncId());
    });
    t.is(executionAsyncId(), own);
  });
  resumer.resume();
  t.is(executionAsyncId(), outside);
  t.is(new Set([...ids, outside, scope.asyncId()]).size, 3);
  other.return();
});
