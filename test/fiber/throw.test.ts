/* eslint-disable @typescript-eslint/no-base-to-string --
   on purpose: tests of odd programs */
import test from 'ava';
import { Fiber, stats } from 'greenfiber';

import { refused, stillWorks } from '../helpers/codes';

test('throw raises the error where the fiber is suspended', (t) => {
  const error = new Error('raised');
  const fiber = new Fiber(() => {
    try {
      return [1].map(() => Fiber.yield('asleep'));
    } catch (caught) {
      return [caught, Fiber.yield('caught')];
    }
  });
  fiber.resume();
  t.is(fiber.throw(error), 'caught');
  t.deepEqual(fiber.resume('end'), [error, 'end']);
});

test('an error that nobody catches in the fiber comes back and finishes it', (t) => {
  const fiber = new Fiber(() => Fiber.yield());
  fiber.resume();
  const error = new Error('back');
  t.is(
    t.throws(() => fiber.throw(error)),
    error,
  );
  t.is(fiber.state, 'finished');
});

test('finally blocks run on the way, and may yield and replace the error', (t) => {
  const log: unknown[] = [];
  const fiber = new Fiber(() => {
    try {
      try {
        Fiber.yield();
      } finally {
        log.push(Fiber.yield('first finally'));
      }
    } finally {
      log.push('second finally');
      throw new Error('other'); // eslint-disable-line no-unsafe-finally
    }
  });
  fiber.resume();
  t.is(fiber.throw(new Error('one')), 'first finally');
  t.throws(() => fiber.resume('in finally'), { message: 'other' });
  t.deepEqual(log, ['in finally', 'second finally']);
});

test('anything can be thrown, and arrives as it is in both directions', (t) => {
  for (const thrown of [
    undefined,
    null,
    0,
    -0,
    NaN,
    '',
    'text',
    Symbol('s'),
    {},
    () => 1,
    1n,
    Object.freeze(new Error('frozen')),
  ]) {
    const fiber = new Fiber(() => {
      let caught: unknown = 'nothing';
      try {
        Fiber.yield();
      } catch (error) {
        caught = error;
      }
      t.true(Object.is(caught, thrown));
      throw caught;
    });
    fiber.resume();
    let escaped: unknown = 'nothing';
    try {
      fiber.throw(thrown);
    } catch (error) {
      escaped = error;
    }
    t.true(Object.is(escaped, thrown), String(thrown));
    t.is(fiber.state, 'finished');
  }
});

test('throw into a created fiber finishes it without running the body and throws to the caller', (t) => {
  let ran = false;
  const fiber = new Fiber(() => {
    ran = true;
  });
  const before = stats();
  const error = new Error('early');
  t.is(
    t.throws(() => fiber.throw(error)),
    error,
  );
  t.is(fiber.state, 'finished');
  refused(t, 'ERR_FIBER_FINISHED', () => fiber.resume());
  t.false(ran);
  t.deepEqual(stats(), before);
});

test('throw into a finished fiber is refused', (t) => {
  const fiber = new Fiber(() => 1);
  fiber.resume();
  refused(t, 'ERR_FIBER_FINISHED', () => fiber.throw(new Error('late')));
});

test('a fiber that throws into itself gets the error at the call', (t) => {
  const error = new Error('self');
  const fiber: Fiber = new Fiber(() => {
    t.is(
      t.throws(() => fiber.throw(error)),
      error,
    );
    t.is(fiber.state, 'running');
    return Fiber.yield('goes on');
  });
  t.is(fiber.resume(), 'goes on');
  t.is(fiber.resume('end'), 'end');
});

test('throw into a fiber that is resuming raises in the innermost descendant', (t) => {
  const error = new Error('deep');
  const a: Fiber = new Fiber(() => ['a', b.resume()]);
  const b: Fiber = new Fiber(() => ['b', c.resume()]);
  const c: Fiber = new Fiber(() => {
    t.is(
      t.throws(() => a.throw(error)),
      error,
    );
    t.is(
      t.throws(() => b.throw(error)),
      error,
    );
    return 'c';
  });
  t.deepEqual(a.resume(), ['a', ['b', 'c']]);
});

test('an error raised in the innermost descendant escapes from fiber to fiber', (t) => {
  const error = new Error('all the way');
  const log: string[] = [];
  const a: Fiber = new Fiber(() => {
    try {
      b.resume();
    } finally {
      log.push(`a after ${b.state}`);
    }
  });
  const b: Fiber = new Fiber(() => {
    try {
      a.throw(error);
    } finally {
      log.push('b');
    }
  });
  t.is(
    t.throws(() => a.resume()),
    error,
  );
  t.deepEqual(log, ['b', 'a after finished']);
  t.deepEqual([a.state, b.state], ['finished', 'finished']);
});

test('the resumer may catch the error of a fiber and go on', (t) => {
  const child = new Fiber(() => {
    throw new Error('child');
  });
  const parent = new Fiber(() => {
    try {
      child.resume();
    } catch (error) {
      return Fiber.yield((error as Error).message);
    }
    return 'no error';
  });
  t.is(parent.resume(), 'child');
  t.is(parent.resume('fine'), 'fine');
  stillWorks(t);
});

test('errors raised again and again inside one fiber', (t) => {
  const fiber = new Fiber<number, string, never>(() => {
    for (let caught = 0; ; caught++) {
      try {
        Fiber.yield(caught);
      } catch (error) {
        if (error === 'last') return `${caught} caught`;
      }
    }
  });
  t.is(fiber.resume(), 0);
  for (let i = 1; i <= 10_000; i++) if (fiber.throw(i) !== i) t.fail();
  t.is(fiber.throw('last'), '10000 caught');
});
