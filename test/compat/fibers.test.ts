import { AsyncResource } from 'node:async_hooks';
import { execFile } from 'node:child_process';

import test from 'ava';
import { Fiber as Greenfiber, spawn } from 'greenfiber';
import Fiber from 'greenfiber/fibers';

import { runChild } from '../helpers/child';

const call = (fn: unknown, ...args: unknown[]) => Reflect.apply(fn as () => unknown, null, args);
const sleeping = () => {
  const fiber = Fiber(() => Fiber.yield('asleep'));
  fiber.run();
  return fiber;
};

test('the module is the function itself, with and without new, for require and import', async (t) => {
  t.is(require('greenfiber/fibers'), Fiber);
  const module = await import('greenfiber/fibers');
  t.is(module.default, Fiber);
  t.true(new Fiber(() => 1) instanceof Fiber);
  t.true(Fiber(() => 1) instanceof Fiber);
  t.is(Fiber.name, 'Fiber');
  t.is<unknown, unknown>(Fiber.prototype.constructor, Fiber);
});

test('every copy in a thread is the one in process.fiberLib', async (t) => {
  t.is((process as { fiberLib?: unknown }).fiberLib, Fiber);
  const { stdout } = await runChild(`
    const mine = process.fiberLib = function mine() {};
    console.log(require('greenfiber/fibers') === mine);`);
  t.is(stdout, 'true\n');
});

test('the constructor takes exactly one function', (t) => {
  const one = { instanceOf: TypeError, message: 'Fiber expects 1 argument' };
  t.throws(() => call(Fiber), one);
  t.throws(() => call(Fiber, () => 1, 2), one);
  t.throws(() => call(Fiber, 1), { instanceOf: TypeError, message: 'Fiber expects a function' });
});

test('a class may extend Fiber', (t) => {
  class Named extends Fiber {
    title = 'mine';
  }
  const fiber = new Named(() => Fiber.current);
  t.is(fiber.run(), fiber);
  t.is(fiber.title, 'mine');
  t.true(fiber instanceof Named);
});

test('values go in with run and out with yield and return', (t) => {
  const fiber = Fiber((first) => [first, Fiber.yield('yielded')]);
  t.is(fiber.run(1), 'yielded');
  t.deepEqual(fiber.run(2), [1, 2]);
});

test('the body gets as many arguments as run, and the global object as this', (t) => {
  const fiber = Fiber(function (this: unknown, ...args: unknown[]) {
    return [this === globalThis, args.length];
  });
  t.deepEqual(fiber.run(), [true, 0]);
  t.deepEqual(fiber.run(undefined), [true, 1]);
});

test('a finished fiber starts anew, also after an error', (t) => {
  let runs = 0;
  const fiber = Fiber(() => {
    runs++;
    if (runs === 2) throw new Error('second');
    return runs;
  });
  t.is(fiber.run(), 1);
  t.throws(() => fiber.run(), { message: 'second' });
  t.false(fiber.started);
  t.is(fiber.run(), 3);
});

test('a bound run is a generator of the Fibonacci numbers', (t) => {
  const next = Fiber.prototype.run.bind(
    Fiber(() => {
      for (let [a, b] = [0, 1]; ; [a, b] = [b, a + b]) Fiber.yield(a);
    }),
  );
  t.deepEqual(
    Array.from({ length: 10 }, () => next()),
    [0, 1, 1, 2, 3, 5, 8, 13, 21, 34],
  );
});

test('yield works at any depth, through built-ins', (t) => {
  const fiber = Fiber(() => [2, 1].sort(() => Fiber.yield('comparing')));
  t.is(fiber.run(), 'comparing');
  t.deepEqual(
    fiber.run(1),
    [2, 1].sort(() => 1),
  );
});

test('run refuses a fiber that is running or runs another', (t) => {
  const running = { instanceOf: Error, message: 'This Fiber is already running' };
  const outer = Fiber(() => {
    t.throws(() => outer.run(1), running);
    t.throws(() => call(outer.run.bind(outer), 1, 2), running);
    Fiber(() => t.throws(() => outer.run(), running)).run();
    return 'still well';
  });
  t.is(outer.run(), 'still well');
});

test('run, yield and throwInto take at most one argument, reset none', (t) => {
  const fiber = sleeping();
  const refuses = (message: string, name: 'run' | 'throwInto' | 'reset', ...args: unknown[]) =>
    t.throws(() => Reflect.apply(fiber[name], fiber, args), { instanceOf: TypeError, message });
  refuses('run() excepts 1 or no arguments', 'run', 1, 2);
  refuses('throwInto() expects 1 or no arguments', 'throwInto', 1, 2);
  refuses('reset() expects no arguments', 'reset', 1);
  t.is(fiber.run('well'), 'well');
  const message = 'yield() expects 1 or no arguments';
  t.throws(() => Fiber(() => call(Fiber.yield, 1, 2)).run(), { instanceOf: TypeError, message });
});

test('yield outside of a fiber is an error, whatever its arguments', (t) => {
  const nobody = { instanceOf: Error, message: 'yield() called with no fiber running' };
  t.throws(() => Fiber.yield(), nobody);
  t.throws(() => call(Fiber.yield, 1, 2), nobody);
});

test('the methods refuse what is no fiber', (t) => {
  const illegal = { instanceOf: TypeError, message: 'Illegal invocation' };
  for (const name of ['run', 'throwInto', 'reset'] as const) {
    for (const receiver of [null, {}, Fiber.prototype]) {
      t.throws(() => Reflect.apply(Fiber.prototype[name], receiver, []), illegal);
    }
  }
  t.is<unknown, unknown>(Fiber.prototype.started, undefined);
});

test('throwInto raises the error at the yield, undefined included', (t) => {
  const fiber = Fiber(() => {
    for (;;) {
      try {
        Fiber.yield();
      } catch (error) {
        Fiber.yield([error]);
      }
    }
  });
  fiber.run();
  t.deepEqual(fiber.throwInto('ouch'), ['ouch']);
  fiber.run();
  t.deepEqual(fiber.throwInto(), [undefined]);
  const plain = sleeping();
  t.throws(() => plain.throwInto(new Error('through')), { message: 'through' });
  t.false(plain.started);
});

test('throwInto and reset refuse a fiber that does not yield', (t) => {
  const notYielding = { instanceOf: Error, message: 'This Fiber is not yielding' };
  const fiber = Fiber(() => {
    t.throws(() => fiber.throwInto(1), notYielding);
    t.throws(() => fiber.reset(), notYielding);
    Fiber(() => t.throws(() => fiber.reset(), notYielding)).run();
  });
  t.throws(() => call(fiber.throwInto.bind(fiber), 1, 2), notYielding);
  fiber.run();
  t.throws(() => fiber.throwInto(1), notYielding);
});

test('reset unwinds with a zombie error at every yield, and the fiber can start anew', (t) => {
  const seen: unknown[] = [];
  const fiber = Fiber((first) => {
    if (first === 'again') return first;
    for (let i = 0; i < 1000; i++) {
      try {
        Fiber.yield();
      } catch (error) {
        seen.push(error);
      }
    }
    return 'unwound';
  });
  fiber.run();
  t.is(fiber.reset(), 'unwound');
  t.is(seen.length, 1000);
  t.is(new Set(seen).size, 1);
  t.is((seen[0] as Error).message, 'This Fiber is a zombie');
  t.false(fiber.started);
  t.is(fiber.run('again'), 'again');
});

test('reset swallows the zombie error, runs finally blocks, and throws any other error', (t) => {
  let cleaned = false;
  const fiber = Fiber(() => {
    try {
      Fiber.yield();
    } finally {
      cleaned = true;
    }
  });
  fiber.run();
  t.is(fiber.reset(), undefined);
  t.true(cleaned);
  const failing = Fiber(() => {
    try {
      Fiber.yield();
    } catch {
      throw new Error('instead');
    }
  });
  failing.run();
  t.throws(() => failing.reset(), { message: 'instead' });
  t.false(failing.started);
});

test('reset of a fiber that has not started or has ended does nothing', (t) => {
  const fiber = Fiber(() => 1);
  t.is(call(fiber.reset.bind(fiber), 'ignored'), undefined);
  fiber.run();
  t.is(fiber.reset(), undefined);
});

test('reset ends a fiber that goes on suspending with the yield of greenfiber', (t) => {
  const fiber = Fiber(() => {
    try {
      Fiber.yield();
    } finally {
      Greenfiber.yield();
    }
  });
  fiber.run();
  t.is(fiber.reset(), undefined);
  t.false(fiber.started);
});

test('started and current tell where a fiber is', (t) => {
  const fiber = Fiber(() => {
    t.is(Fiber.current, fiber);
    t.true(fiber.started);
    Fiber(() => t.not(Fiber.current, fiber)).run();
    t.is(Fiber.current, fiber);
    Fiber.yield();
    t.is(Fiber.current, fiber);
  });
  t.false(fiber.started);
  fiber.run();
  t.is(Fiber.current, undefined);
  t.true(fiber.started);
  fiber.run();
  t.false(fiber.started);
});

test('assignments to current, fibersCreated and started change nothing', (t) => {
  const { fibersCreated } = Fiber;
  t.true(Reflect.set(Fiber, 'current', 1));
  t.true(Reflect.set(Fiber, 'fibersCreated', -1));
  t.is(Fiber.current, undefined);
  t.is(Fiber.fibersCreated, fibersCreated);
});

test('a program may wrap yield and run', (t) => {
  const { yield: original } = Fiber;
  Fiber.yield = (value) => original(`wrapped ${value}`);
  try {
    t.is(Fiber(() => Fiber.yield('value')).run(), 'wrapped value');
  } finally {
    Fiber.yield = original;
  }
});

test('a fiber may yield inside a callback of an AsyncResource', (t) => {
  const fiber = Fiber(() => {
    new AsyncResource('Test').runInAsyncScope(() => Fiber.yield());
    return 'left';
  });
  fiber.run();
  return new Promise<void>((resolve) => {
    setTimeout(() => {
      t.is(fiber.run(), 'left');
      resolve();
    }, 1);
  });
});

test('a fiber may start a process, set its title, and exit', async (t) => {
  const answer = await new Promise((resolve) => {
    Fiber(() => execFile('echo', ['pass'], (_, stdout) => resolve(stdout))).run();
  });
  t.is(answer, 'pass\n');
  const { code, stdout } = await runChild(`
    require('greenfiber/fibers')(() => { process.title = 'pass'; process.exit(3); }).run();
    console.log('not reached');`);
  t.deepEqual({ code, stdout }, { code: 3, stdout: '' });
});

test('greenfiber and compat fibers run inside each other', (t) => {
  const nobody = { message: 'yield() called with no fiber running' };
  const inner = Fiber(() => {
    const plain = new Greenfiber(() => {
      t.is(Fiber.current, undefined);
      t.throws(() => Fiber.yield(), nobody);
      const own = Fiber(() => Fiber.yield('from within'));
      t.is(own.run(), 'from within');
      own.run();
      return Greenfiber.yield('plain');
    });
    t.is(plain.resume(), 'plain');
    t.is(Fiber.current, inner);
    t.is(plain.resume('end'), 'end');
    return Fiber.yield('compat');
  });
  const outer = new Greenfiber(() => {
    t.is(inner.run(), 'compat');
    Greenfiber.yield();
    return inner.run('last');
  });
  outer.resume();
  t.true(inner.started);
  t.is(outer.resume(), 'last');
});

test('a fiber continued by the resume of greenfiber still knows who it is', (t) => {
  let self: Greenfiber | undefined;
  const fiber = Fiber(() => {
    self = Greenfiber.current;
    Fiber.yield();
    return Fiber.current;
  });
  fiber.run();
  t.is(self?.resume(), fiber);
});

test('a fiber runs inside a task', async (t) => {
  const task = spawn(() => {
    t.is(Fiber.current, undefined);
    const fiber = Fiber(() => Fiber.yield(1));
    return [fiber.run(), fiber.run(2)];
  });
  t.deepEqual(await task, [1, 2]);
});

test('a sleeping fiber that nobody can run is unwound, outside of the collector', async (t) => {
  const { code, stdout, stderr } = await runChild(`
    const Fiber = require('greenfiber/fibers');
    const { stats } = require('greenfiber');
    function abandon() {
      Fiber(() => {
        try { Fiber.yield(); } catch (error) {
          console.log(error.message, Fiber.current instanceof Fiber, Fiber.current.started);
        }
      }).run();
    }
    const kept = Fiber(() => Fiber.yield());
    kept.run();
    setTimeout(abandon, 0);
    let turns = 0;
    setTimeout(function collect() {
      gc();
      if (stats().alive > 1 && ++turns < 200) return setTimeout(collect, 1);
      console.log(stats().alive, kept.started, kept.run('well'));
    }, 5);`);
  t.is(stderr, '');
  t.is(stdout, 'This Fiber is a zombie true true\n1 true well\n');
  t.is(code, 0);
});
