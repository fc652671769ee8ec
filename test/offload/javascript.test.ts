import test from 'ava';
import { AbortError, sleep, spawn } from 'greenfiber';
import { Offload } from 'greenfiber/offload';

import { refused } from '../helpers/codes';
import { caught, inTask } from '../helpers/in-task';

test('a self-contained function runs in another thread, and its task sleeps', async (t) => {
  const pool = new Offload({ threads: 2 });
  const square = pool.js((n: number) => n * n);
  const where = pool.js(async () => {
    const { isMainThread } = await import('node:worker_threads');
    return isMainThread;
  });
  await inTask(t, () => {
    t.is(square(12), 144);
    t.is(where(), false);
  });
  const promise: unknown = square(5);
  t.true(promise instanceof Promise);
  t.is(await promise, 25);
  await pool.close();
});

test('its error is thrown where it was called', async (t) => {
  const pool = new Offload({ threads: 1 });
  const fails = pool.js((text: string) => {
    throw new RangeError(text);
  });
  await inTask(t, () => {
    const error = caught(() => fails('too far')) as Error;
    t.is(error.name, 'RangeError');
    t.is(error.message, 'too far');
  });
  await pool.close();
});

test('methods and function expressions have a source, bound and native functions have none', async (t) => {
  const pool = new Offload({ threads: 1 });
  const object = {
    method(a: number) {
      return a + 1;
    },
  };
  await inTask(t, () => {
    t.is(pool.js(object.method)(1), 2);
    t.is(
      pool.js(function twice(a: number): number {
        return a < 0 ? twice(-a) : a * 2;
      })(-4),
      8,
    );
  });
  refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () => pool.js(Math.max));
  refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () => pool.js(object.method.bind(object)));
  refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () => pool.js(Offload as never));
  refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => pool.js('1' as never));
  await pool.close();
});

test('a function that uses what is around it fails where it is called', async (t) => {
  const pool = new Offload({ threads: 1 });
  const outside = 1;
  await inTask(t, () => {
    t.is((caught(() => pool.js(() => outside)()) as Error).name, 'ReferenceError');
  });
  await pool.close();
});

test('cancelling the task stops the function', async (t) => {
  const pool = new Offload({ threads: 1 });
  const forever = pool.js(() => {
    for (;;);
  });
  const one = pool.js(() => 1);
  await inTask(t, () => {
    const task = spawn(() => forever());
    sleep(50);
    task.cancel();
    t.true(caught(() => task.join()) instanceof AbortError);
    t.is(one(), 1);
  });
  await pool.close();
});

test('an argument that cannot be cloned is refused and named, whether or not a worker is free', async (t) => {
  const pool = new Offload({ threads: 1 });
  const later = pool.js(async function later(ms: number, value: unknown) {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return value;
  });
  await inTask(t, () => {
    for (const isFree of [false, true]) {
      const error = refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () => later(1, () => 2));
      t.regex(error!.message, /^Argument 2 of later cannot be cloned.*: \(\) => 2 could not/);
      t.is((error!.cause as Error).name, 'DataCloneError', `free: ${String(isFree)}`);
      t.is(later(1, 'it works'), 'it works');
    }
  });
  await t.throwsAsync(later.promised(1, Symbol('s')), { code: 'ERR_FIBER_INVALID_ARG_VALUE' });
  t.is(pool.stats().js.calls, 2);
  await pool.close();
});

test('arguments are those of the moment of the call, also in the queue', async (t) => {
  const pool = new Offload({ threads: 1 });
  const echo = pool.js((numbers: number[]) => numbers);
  const numbers = [1];
  const first = echo.promised(numbers);
  numbers.push(2);
  const second = echo.promised(numbers);
  numbers.push(3);
  t.deepEqual(await Promise.all([first, second]), [[1], [1, 2]]);
  await pool.close();
});

test('what memory is shared is shared with the worker', async (t) => {
  const pool = new Offload({ threads: 1 });
  const add = pool.js((shared: Int32Array) => Atomics.add(shared, 0, 5));
  const shared = new Int32Array(new SharedArrayBuffer(4));
  await Promise.all([add.promised(shared), add.promised(shared)]);
  t.is(shared[0], 10);
  await pool.close();
});

test('a result that cannot be cloned is an error, and the worker lives', async (t) => {
  const pool = new Offload({ threads: 1 });
  const results: (() => unknown)[] = [
    () => ({ rows: 1, next: () => 1 }),
    () => Symbol('s'),
    () => new WeakMap(),
    () => new Proxy({}, {}),
    function* generator() {
      yield 1;
    },
    () => ({
      get broken(): number {
        throw new Error('broken');
      },
    }),
    async () => Promise.resolve(() => 1),
  ];
  await inTask(t, () => {
    const pid = pool.js(async () => (await import('node:worker_threads')).threadId);
    const thread = pid();
    for (const result of results) {
      const error = refused(t, 'ERR_OFFLOAD_CLONE', () => pool.js(result)());
      t.regex(error!.message, /^The result of .* cannot be cloned/);
    }
    t.is(pid(), thread);
    refused(t, 'ERR_OFFLOAD_CLONE', () => pool.js(results[4] as () => void)());
    t.is(pool.js(() => 2)(), 2);
  });
  await pool.close();
});

test('what functions do with the channel of their thread does not confuse the pool', async (t) => {
  const pool = new Offload({ threads: 1 });
  const meddle = pool.js(async () => {
    const { parentPort, workerData } = await import('node:worker_threads');
    parentPort?.postMessage({ value: 'not the result' });
    parentPort?.close();
    return Object.keys(workerData as object);
  });
  await inTask(t, () => {
    t.deepEqual(meddle(), []);
    t.deepEqual(meddle(), []);
  });
  await pool.close();
});

test('more calls than threads are served by these threads', async (t) => {
  const pool = new Offload({ threads: 3 });
  const thread = pool.js(async () => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    return (await import('node:worker_threads')).threadId;
  });
  const threads = await Promise.all(Array.from({ length: 30 }, () => thread.promised()));
  t.true(new Set(threads).size <= 3);
  await pool.close();
});
