import { exec, execFile } from 'node:child_process';
import { inherits } from 'node:util';

import test from 'ava';
import Fiber from 'greenfiber/fibers';
import Future from 'greenfiber/future';

import { runChild } from '../helpers/child';

const tick = <T>(value?: T, error?: Error) => {
  const future = new Future<T>();
  process.nextTick(() => {
    if (error) future.throw(error);
    else future.return(value);
  });
  return future;
};
/** Runs a body in a fiber. */
const inFiber = <T>(body: () => T): Promise<T> => Future.task(body).promise();
const twice = { instanceOf: Error, message: 'Future resolved more than once' };

test('the module is the constructor, for require and import', async (t) => {
  t.is(require('greenfiber/future'), Future);
  const module = await import('greenfiber/future');
  t.is(module.default, Future);
});

test('a constructor function may inherit from Future', (t) => {
  function Heir(this: unknown) {
    Future.call(this as never);
  }
  inherits(Heir, Future);
  const heir = Reflect.construct(Heir, []) as Future;
  t.true(heir instanceof Future);
  t.deepEqual(Object.keys(heir), []);
  heir.return(1);
  t.is(heir.get(), 1);
});

test('wait suspends the fiber until the value is there, or throws the error', async (t) => {
  await inFiber(() => {
    t.is(tick('value').wait(), 'value');
    t.throws(() => tick(0, new Error('late')).wait(), { message: 'late' });
    t.is([1, 2].map((n) => tick(n).wait()).join(), '1,2');
  });
});

test('wait needs a fiber unless the future has resolved', (t) => {
  const future = new Future<number>();
  t.throws(() => future.wait(), { message: "Can't wait without a fiber" });
  future.return(1);
  t.is(future.wait(), 1);
  t.throws(() => Future.wait(future), { message: "Can't wait without a fiber" });
});

test('get needs a resolved future', (t) => {
  const future = new Future();
  t.false(future.isResolved());
  t.throws(() => future.get(), { message: 'Future must resolve before value is ready' });
  future.return();
  t.true(future.isResolved());
  t.is(future.get(), undefined);
});

test('a future resolves once', (t) => {
  const future = new Future();
  t.throws(() => future.throw(undefined), { message: 'Must throw non-empty error' });
  t.false(future.isResolved());
  future.return(1);
  t.throws(() => future.return(2), twice);
  t.throws(() => future.throw(new Error()), twice);
  t.throws(() => future.throw(undefined), twice);
  t.is(future.get(), 1);
});

test('Future.wait waits for several and for arrays of them, and does not throw', async (t) => {
  await inFiber(() => {
    const futures = [tick(1), tick(2, new Error('second')), tick(3)] as const;
    const resolved = new Future();
    resolved.return();
    Future.wait(futures[0], [futures[1], futures[2]], resolved, [], [resolved]);
    t.true(futures.every((future) => future.isResolved()));
    t.is(futures[2].get(), 3);
    t.throws(() => futures[1].get(), { message: 'second' });
    t.notThrows(() => Future.wait());
  });
});

test('Future.wait refuses what is no future, before it asks for a fiber', (t) => {
  const wait = (...args: unknown[]) => Reflect.apply(Future.wait, Future, args);
  t.throws(() => wait(1), { instanceOf: Error, message: '1 is not a future' });
  t.throws(() => wait([new Future(), 'x']), { message: 'x is not a future' });
  t.throws(() => wait([[new Future()]]), { message: '[object Object] is not a future' });
});

test('a task that has not started runs in the fiber that waits for it', async (t) => {
  await inFiber(() => {
    const fiber = Fiber.current;
    const order: unknown[] = [];
    const first = Future.task(() => {
      order.push(Fiber.current === fiber);
      return tick('first').wait();
    });
    const second = Future.task(() => {
      order.push(Fiber.current === fiber);
      return tick('second').wait();
    });
    const failing = Future.task(() => {
      throw new Error('failed');
    });
    Future.wait(first, second, failing);
    t.deepEqual(order, [true, false]);
    t.deepEqual([first.get(), second.get()], ['first', 'second']);
    t.throws(() => failing.get(), { message: 'failed' });
  });
});

test('a task starts in the next tick, in a fiber', async (t) => {
  const task = Future.task(() => Fiber.current !== undefined);
  t.false(task.isResolved());
  t.true(await task.promise());
});

test('several tasks give an array, or the last error', async (t) => {
  const results = Future.task(
    () => tick('one').wait(),
    () => 2,
  );
  t.deepEqual(await results.promise(), ['one', 2]);
  const failing = Future.task(
    () => tick(0, new Error('later')).wait(),
    () => {
      throw new Error('sooner');
    },
  );
  await t.throwsAsync(failing.promise(), { message: 'later' });
});

test('Function.prototype.future keeps this and the arguments, and says what it calls', async (t) => {
  const object = {
    base: 1,
    add: function (this: { base: number }, n: number) {
      return this.base + n;
    }.future(),
  };
  t.is(await object.add(2).promise(), 3);
  const named = function named() {
    return 1;
  };
  t.is(String(named.future()), `<<Future ${String(named)}.future()>>`);
  const seen: string[] = [];
  for (const name in named) seen.push(name);
  t.deepEqual(seen, []);
});

test('the error of a detached future is an uncaught exception', async (t) => {
  const { stdout } = await runChild(`
    const Future = require('greenfiber/future');
    process.on('uncaughtException', (error) => console.log(error.message));
    (() => { throw new Error('by argument'); }).future(true)();
    const future = new Future();
    future.detach();
    future.throw(new Error('by method'));
    new Future().detach();`);
  t.deepEqual(stdout.trim().split('\n').sort(), ['by argument', 'by method']);
});

test('an error after a wait is an uncaught exception, and other fibers go on', async (t) => {
  const { code, stdout } = await runChild(`
    const Fiber = require('greenfiber/fibers');
    const Future = require('greenfiber/future');
    const later = Future.wrap((callback) => process.nextTick(callback));
    let thrown = false;
    process.on('uncaughtException', (error) => console.log('caught', error.message));
    Fiber(() => { later().wait(); thrown = true; throw new Error('from a fiber'); }).run();
    Fiber(() => { while (!thrown) later().wait(); later().wait(); console.log('alive'); }).run();`);
  t.is(code, 0);
  t.deepEqual(stdout.trim().split('\n').sort(), ['alive', 'caught from a fiber']);
});

test('an error in a callback does not keep the value from the others', async (t) => {
  const { stdout } = await runChild(`
    const Future = require('greenfiber/future');
    process.on('uncaughtException', (error) => console.log('uncaught', error.message));
    const future = new Future();
    future.resolve(() => { throw new Error('callback'); }).resolve((error, value) => console.log(value));
    future.return('value');
    console.log('returned');`);
  t.is(stdout, 'value\nreturned\nuncaught callback\n');
});

test('resolve calls back in both forms, before and after the future resolves', (t) => {
  for (const early of [true, false]) {
    const calls: unknown[] = [];
    const failure = new Error('failure');
    const [good, bad, target] = [new Future<number>(), new Future<number>(), new Future()];
    const listen = () => {
      t.is(
        good.resolve((...args) => calls.push(args)),
        good,
      );
      good.resolve(target, (value) => calls.push(value));
      bad.resolve((...args) => calls.push(args));
      bad.resolve(target, () => calls.push('never'));
    };
    if (early) listen();
    good.return(1);
    bad.throw(failure);
    if (!early) listen();
    t.deepEqual(calls, [[undefined, 1], 1, [failure, undefined]]);
    t.is(
      t.throws(() => target.get()),
      failure,
    );
  }
});

test('resolveSuccess ignores errors', (t) => {
  const [good, bad] = [new Future<number>(), new Future<number>()];
  const values: number[] = [];
  for (const future of [good, bad]) {
    t.is(
      future.resolveSuccess((value) => values.push(value)),
      future,
    );
  }
  good.return(1);
  bad.throw(new Error());
  t.deepEqual(values, [1]);
});

test('resolver answers a Node callback', (t) => {
  const [good, bad] = [new Future<number>(), new Future<number>()];
  good.resolver()(null, 5);
  bad.resolver()(new Error('given'), 5);
  t.is(good.get(), 5);
  t.throws(() => bad.get(), { message: 'given' });
});

test('proxy passes on values and errors, proxyErrors only errors, to one or several', (t) => {
  const failure = new Error('failure');
  const [good, bad] = [new Future(), new Future()];
  const [a, b, c, d, e, f] = Array.from({ length: 6 }, () => new Future());
  good.proxy(a!);
  bad.proxy(b!);
  t.is(good.proxyErrors(c!), good);
  t.is(bad.proxyErrors(d!), bad);
  bad.proxyErrors([e!, f!]);
  good.return(1);
  bad.throw(failure);
  t.is(a!.get(), 1);
  t.false(c!.isResolved());
  for (const future of [b!, d!, e!, f!])
    t.is(
      t.throws(() => future.get()),
      failure,
    );
});

test('promises become futures and futures promises', async (t) => {
  await inFiber(() => {
    t.is(Future.fromPromise(Promise.resolve(1)).wait(), 1);
    const rejected = Future.fromPromise(Promise.reject(new Error('rejected')));
    t.throws(() => rejected.wait(), { message: 'rejected' });
  });
  t.is(await tick(2).promise(), 2);
  await t.throwsAsync(tick(0, new Error('thrown')).promise(), { message: 'thrown' });
});

test('wrap turns a function with a callback into one with a future', async (t) => {
  const half = Future.wrap(function (
    this: unknown,
    n: number,
    callback: (error: Error | null, half?: number) => void,
  ) {
    process.nextTick(() => (n % 2 ? callback(new Error('odd')) : callback(null, n / 2)));
    return this;
  });
  const object = { half };
  await inFiber(() => {
    const future = object.half(4) as unknown as Future<number>;
    t.is(future._, object);
    t.is(future.wait(), 2);
    t.throws(() => half(3).wait(), { message: 'odd' });
  });
});

test('wrap gives all values of a callback with multi, and what the function returns as _', async (t) => {
  const run = Future.wrap(exec, true) as (command: string) => Future<string[]>;
  await inFiber(() => {
    const future = run('echo out; echo err >&2');
    t.is(typeof (future._ as ReturnType<typeof execFile>).pid, 'number');
    t.deepEqual(future.wait(), ['out\n', 'err\n']);
  });
});

test('wrap gives an object an heir with longer names', (t) => {
  const original = {
    number: 1,
    get(callback: (error: null, value: string) => void) {
      callback(null, 'got');
    },
  };
  const heir = Future.wrap(Object.create(original) as typeof original);
  t.is(heir.getFuture().get(), 'got');
  t.is(heir.number, 1);
  t.is(heir.get, original.get);
  t.false('numberFuture' in heir);
  t.false('getFuture' in original);
  t.deepEqual(Future.wrap(original, true, 'Soon').getSoon().get(), ['got']);
});

test('wrap also wraps the functions that a function carries', (t) => {
  const request = Object.assign(
    (callback: (error: null, value: string) => void) => callback(null, 'request'),
    { get: (callback: (error: null, value: string) => void) => callback(null, 'get'), limit: 3 },
  );
  const wrapped = Future.wrap(request) as unknown as Record<string, () => Future> & (() => Future);
  t.is(wrapped().get(), 'request');
  t.is(wrapped['getFuture']!().get(), 'get');
  t.is<unknown, unknown>(wrapped['get'], request.get);
  t.is<unknown, unknown>(wrapped['limit'], 3);
});

test('wrap of anything else is undefined', (t) => {
  t.is(Reflect.apply(Future.wrap, Future, [1]), undefined);
});

test('get puts the frames of who asks before those of the error', (t) => {
  const future = new Future();
  function fails() {
    future.throw(new Error('two\nlines'));
  }
  function asks() {
    future.get();
  }
  function asksAgain() {
    future.get();
  }
  fails();
  const error = t.throws<Error & { futureStack: string }>(asks);
  t.regex(error.stack!, /^Error: two\nlines\n +at asks [^]+\n {4}- - - - -\n +at fails /);
  t.notRegex(error.stack!, /(lib|dist)\/compat\//);
  t.regex(error.futureStack, /^Error: two\nlines\n +at fails /);
  t.is(t.throws(asksAgain), error);
  t.regex(error.stack!, /^Error: two\nlines\n +at asksAgain [^]+\n {4}- - - - -\n +at fails /);
  t.notRegex(error.stack!, /at asks /);
  t.deepEqual(Object.keys(error), []);
});

test('get throws frozen errors, and what is no error, as they are', (t) => {
  const frozen = Object.freeze(new Error('frozen'));
  for (const reason of [frozen, 'text', { plain: true }]) {
    const future = new Future();
    future.throw(reason);
    try {
      future.get();
      t.fail();
    } catch (error) {
      t.is(error, reason);
    }
  }
});
