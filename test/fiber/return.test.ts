import test from 'ava';
import { Fiber, FiberError, FiberKilled, stats } from 'greenfiber';

import { refused, stillWorks } from '../helpers/codes';

const suspended = (body: () => unknown): Fiber => {
  const fiber = new Fiber(body);
  fiber.resume();
  return fiber;
};

test('return unwinds a suspended fiber: its finally blocks run, innermost first', (t) => {
  const log: string[] = [];
  const inner = (): void => {
    try {
      Fiber.yield();
    } finally {
      log.push('inner');
    }
  };
  const fiber = suspended(() => {
    try {
      [1].forEach(inner);
    } finally {
      log.push('outer');
    }
    log.push('never');
  });
  t.deepEqual(fiber.return(), { done: true, value: undefined });
  t.deepEqual(log, ['inner', 'outer']);
  t.is(fiber.state, 'finished');
});

test('return answers its argument', (t) => {
  const value = {};
  t.is(suspended(() => Fiber.yield()).return(value).value, value);
});

test('a catch sees FiberKilled, which says what it is', (t) => {
  let caught: unknown;
  const fiber = suspended(() => {
    try {
      Fiber.yield();
    } catch (error) {
      caught = error;
      throw error;
    }
  });
  t.deepEqual(fiber.return(7), { done: true, value: 7 });
  t.true(caught instanceof FiberKilled);
  t.true(caught instanceof FiberError);
  t.is((caught as FiberKilled).code, 'ERR_FIBER_KILLED');
  t.is((caught as FiberKilled).name, 'FiberKilled');
});

test('what the body returns on the way out is the answer', (t) => {
  const fromFinally = suspended(() => {
    try {
      Fiber.yield();
    } finally {
      return 'from finally'; // eslint-disable-line no-unsafe-finally
    }
  });
  t.deepEqual(fromFinally.return('argument'), { done: true, value: 'from finally' });
  const fromCatch = suspended(() => {
    try {
      return Fiber.yield();
    } catch {
      return 'from catch';
    }
  });
  t.deepEqual(fromCatch.return('argument'), { done: true, value: 'from catch' });
});

test('another error that escapes goes to the caller', (t) => {
  const error = new Error('in finally');
  const fiber = suspended(() => {
    try {
      Fiber.yield();
    } finally {
      throw error; // eslint-disable-line no-unsafe-finally
    }
  });
  t.is(
    t.throws(() => fiber.return()),
    error,
  );
  t.is(fiber.state, 'finished');
  t.deepEqual(fiber.return(1), { done: true, value: 1 });
});

test('return is level-triggered: every later suspension raises the same error again', (t) => {
  const caught: unknown[] = [];
  const attempt = (): void => {
    try {
      Fiber.yield();
    } catch (error) {
      caught.push(error);
    }
  };
  const fiber = suspended(() => {
    for (let i = 0; i < 10; i++) attempt();
    return 'at last';
  });
  t.deepEqual(fiber.return(), { done: true, value: 'at last' });
  t.is(caught.length, 10);
  t.is(new Set(caught).size, 1);
  t.true(caught[0] instanceof FiberKilled);
});

test('a fiber that is being unwound may resume others in its finally blocks', (t) => {
  const log: unknown[] = [];
  const helper = new Fiber(() => {
    log.push(Fiber.yield('helping'));
    return 'helped';
  });
  const fiber = suspended(() => {
    try {
      Fiber.yield();
    } finally {
      log.push(helper.resume());
      log.push(helper.resume('go on'));
    }
  });
  fiber.return();
  t.deepEqual(log, ['helping', 'go on', 'helped']);
});

test('return of a created fiber finishes it; the body never runs', (t) => {
  let ran = false;
  const fiber = new Fiber<unknown, string>(() => {
    ran = true;
    return 'x';
  });
  t.deepEqual(fiber.return('argument'), { done: true, value: 'argument' });
  t.is(fiber.state, 'finished');
  t.deepEqual(fiber.next(), { done: true, value: undefined });
  t.false(ran);
});

test('return of a finished fiber does nothing and answers as a generator does', (t) => {
  const fiber = new Fiber<unknown, number>(() => 1);
  fiber.resume();
  t.deepEqual(fiber.return(2), { done: true, value: 2 });
  t.deepEqual(fiber.return(), { done: true, value: undefined });
});

test('return of itself raises FiberKilled at the call', (t) => {
  const log: unknown[] = [];
  const fiber: Fiber = new Fiber(() => {
    try {
      fiber.return('own answer');
      log.push('never');
    } catch (error) {
      log.push(error instanceof FiberKilled);
      throw error;
    } finally {
      log.push('finally');
    }
  });
  t.is(fiber.resume(), 'own answer');
  t.deepEqual(log, [true, 'finally']);
  t.is(fiber.state, 'finished');
});

test('return of itself is level-triggered too', (t) => {
  const fiber: Fiber = new Fiber(() => {
    try {
      fiber.return();
    } catch {
      // swallowed: the next suspension raises it again
    }
    Fiber.yield('survived');
  });
  t.is(fiber.resume(), undefined);
  t.is(fiber.state, 'finished');
  fiber.return();
});

test('return of a fiber that waits for the caller is refused, as of a running generator, and all go on', (t) => {
  const outer: Fiber = new Fiber(() => [middle.resume(), 'outer']);
  const middle: Fiber = new Fiber(() => [inner.resume(), 'middle']);
  const inner: Fiber = new Fiber(() => {
    for (const fiber of [outer, middle]) {
      refused(t, 'ERR_FIBER_RUNNING', () => fiber.return());
      refused(t, 'ERR_FIBER_RUNNING', () => fiber[Symbol.dispose]());
    }
    return 'inner';
  });
  t.deepEqual(outer.resume(), [['inner', 'middle'], 'outer']);
  t.true(outer.done && middle.done && inner.done);
});

test('return of a fiber that waits for one that is away unwinds all of them, innermost first', (t) => {
  const { alive } = stats();
  const log: string[] = [];
  const unwinding = (name: string, body: () => unknown): Fiber =>
    new Fiber(
      () => {
        try {
          return body();
        } catch (error) {
          log.push(`${name}: ${(error as FiberKilled).code}`);
          throw error;
        }
      },
      { name },
    );
  const tip: Fiber = unwinding('tip', () => Fiber.main.transfer('away'));
  const middle: Fiber = unwinding('middle', () => tip.resume());
  const outer: Fiber = unwinding('outer', () => middle.resume());
  const first = new Fiber(() => outer.resume());
  t.is(first.transfer(), 'away');
  t.deepEqual(
    [first, outer, middle, tip].map(({ state }) => state),
    ['resuming', 'resuming', 'resuming', 'suspended'],
  );
  t.deepEqual(outer.return('the answer'), { done: true, value: 'the answer' });
  t.deepEqual(
    log,
    ['tip', 'middle', 'outer'].map((name) => `${name}: ERR_FIBER_KILLED`),
  );
  t.true(outer.done && middle.done && tip.done);
  t.is(first.state, 'suspended', 'whose place was taken: it can be transferred to');
  t.is(first.transfer('its resume answers that'), 'its resume answers that');
  t.is(stats().alive, alive);
});

test('return says done only when it is, though somebody takes the place of the caller and transfers to it', (t) => {
  const { alive } = stats();
  const log: unknown[] = [];
  const victim = suspended(() => {
    try {
      Fiber.yield();
    } finally {
      helper.resume();
    }
  });
  const helper: Fiber = new Fiber(() => {
    try {
      thief.transfer();
    } catch (error) {
      log.push(error, caller.state);
      caller.transfer('too early');
    }
  });
  const thief: Fiber = new Fiber(() => victim.throw('now it is mine'));
  const caller: Fiber = new Fiber(() => [victim.return('answer'), victim.done]);
  t.deepEqual(caller.resume(), [{ done: true, value: 'answer' }, true]);
  t.deepEqual(log, ['now it is mine', 'suspended']);
  t.true(helper.done);
  t.is(thief.transfer('goes on'), 'goes on');
  t.is(stats().alive, alive);
});

test('return called in a fiber comes back to that fiber', (t) => {
  const victim = suspended(() => Fiber.yield());
  const killer = new Fiber(() => {
    const answer = victim.return('dead');
    return Fiber.yield(answer);
  });
  t.deepEqual(killer.resume(), { done: true, value: 'dead' });
  t.is(killer.resume('alive'), 'alive');
});

test('a FiberKilled of one fiber is an ordinary error in another', (t) => {
  let killed: unknown;
  const victim = suspended(() => {
    try {
      Fiber.yield();
    } catch (error) {
      killed = error;
      throw error;
    }
  });
  victim.return();
  const other = suspended(() => Fiber.yield());
  t.is(
    t.throws(() => other.throw(killed)),
    killed as Error,
  );
});

test('return may be called again from a finally block of the fiber', (t) => {
  const fiber: Fiber = suspended(() => {
    try {
      Fiber.yield();
    } finally {
      fiber.return('second');
    }
  });
  t.deepEqual(fiber.return('first'), { done: true, value: 'second' });
});

test('return gives stacks back, whatever the fiber did', (t) => {
  const before = stats();
  const bodies = [
    () => Fiber.yield(),
    () => [3, 1, 2].sort(() => Fiber.yield<number>()),
    () => JSON.stringify({ toJSON: () => Fiber.yield() }),
    () => {
      try {
        Fiber.yield();
      } finally {
        throw new Error('finally'); // eslint-disable-line no-unsafe-finally
      }
    },
    () => {
      try {
        Fiber.yield();
      } catch {
        return 1;
      }
      return 2;
    },
  ];
  for (let round = 0; round < 50; round++) {
    const fibers = bodies.map(suspended);
    t.is(stats().alive, before.alive + bodies.length);
    for (const fiber of fibers) {
      try {
        fiber.return();
      } catch {
        // the fourth one
      }
    }
    t.is(stats().alive, before.alive);
  }
  const { inUse } = stats().stacks;
  t.is(inUse - stats().parked, before.stacks.inUse - before.parked);
  t.true(stats().stacks.total <= before.stacks.total + bodies.length);
  stillWorks(t);
});

test('a fiber killed in its first suspension inside a nested fiber keeps the others whole', (t) => {
  const victims = Array.from({ length: 10 }, () => suspended(() => Fiber.yield()));
  const nested = new Fiber(() =>
    new Fiber(() => victims.map((victim) => victim.return(1).value)).resume(),
  );
  t.deepEqual(nested.resume(), Array(10).fill(1));
});
