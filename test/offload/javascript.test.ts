import test from 'ava';
import { AbortError, sleep, spawn } from 'greenfiber';
import { Offload } from 'greenfiber/offload';

import { answerOf } from '../helpers/answer';
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

test('close with a grace stops functions that hang', async (t) => {
  const program = `
    const { Offload } = require('greenfiber/offload');
    const pool = new Offload({ threads: 1 });
    pool.js(() => { for (;;); })().catch((error) => console.log(JSON.stringify('stopped')));
    setTimeout(() => pool.close({ grace: 10 }), 50);`;
  t.is(await answerOf(t, program), 'stopped');
});

test('piscina is not loaded before the first call', async (t) => {
  const program = `
    const { Offload } = require('greenfiber/offload');
    const pool = new Offload({ threads: 1 });
    pool.js(() => 1);
    console.log(Object.keys(require.cache).some((file) => file.includes('piscina')));
    pool.close();`;
  t.is(await answerOf(t, program), false);
});
