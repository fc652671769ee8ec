/** The queue, the worker threads and the end of the pool behind `Offload.js`. */
import { inspect } from 'node:util';

import test from 'ava';
import { AbortError, group, sleep, spawn, timeout, TimeoutError, yieldNow } from 'greenfiber';
import { Offload } from 'greenfiber/offload';

import { answerOf } from '../helpers/answer';
import { runChild } from '../helpers/child';
import { refused } from '../helpers/codes';
import { caught, inTask } from '../helpers/in-task';
import { nodeMajor } from '../helpers/node-major';

const after = async (ms: number, value: number): Promise<number> =>
  new Promise((resolve) => setTimeout(resolve, ms, value));

test('a call that is cancelled in the queue frees its place, and the others keep their order', async (t) => {
  const pool = new Offload({ threads: 1 });
  const work = pool.js(after);
  const order: number[] = [];
  await inTask(t, () => {
    const tasks = [0, 1, 2, 3, 4].map((n) =>
      spawn(() => {
        order.push(work(n === 0 ? 100 : 1, n));
      }),
    );
    sleep(50);
    tasks[1]!.cancel();
    tasks[3]!.cancel();
    t.deepEqual(
      tasks.map((task) => caught(() => task.join()) instanceof AbortError),
      [false, true, false, true, false],
    );
    t.deepEqual(order, [0, 2, 4]);
    t.like(pool.stats().js, { calls: 5, queued: 0, running: 0, cancelled: 2 });
  });
  await pool.close();
});

test('a call that is cancelled while it runs ends its thread, and the next one runs at once', async (t) => {
  const pool = new Offload({ threads: 1 });
  const forever = pool.js(() => {
    for (;;);
  });
  const work = pool.js(after);
  await inTask(t, () => {
    work(1, 0);
    const running = spawn(() => forever());
    const queued = spawn(() => forever());
    const last = spawn(() => work(1, 3));
    sleep(20);
    queued.cancel();
    running.cancel();
    t.is(last.join(), 3);
    t.true(caught(() => timeout(20, () => forever())) instanceof TimeoutError);
    t.is(
      caught(() => timeout(2 ** 40, () => work(1, 4))),
      undefined,
    );
    t.is(pool.stats().js.workers, 1);
  });
  await pool.close();
});

test('a call that is cancelled before a worker has started never begins', async (t) => {
  const pool = new Offload({ threads: 2 });
  const count = pool.js((shared: Int32Array) => Atomics.add(shared, 0, 1));
  const shared = new Int32Array(new SharedArrayBuffer(4));
  await inTask(t, () => {
    group((g) => {
      g.spawn(() => count(shared));
      g.spawn(() => count(shared));
      yieldNow(); // both have called; no worker can have said yet that it is there
      g.cancel();
    });
    t.is(count(shared), 0);
  });
  await pool.close();
});

test('close lets the calls that were made end, and refuses new ones', async (t) => {
  const pool = new Offload({ threads: 1 });
  const work = pool.js(after);
  const results = [1, 2, 3].map((n) => work.promised(20, n));
  const closed = pool.close();
  t.is(pool.stats().state, 'closing');
  await t.throwsAsync(work.promised(1, 4), { code: 'ERR_OFFLOAD_CLOSED' });
  refused(t, 'ERR_OFFLOAD_CLOSED', () => pool.js(after));
  refused(t, 'ERR_OFFLOAD_CLOSED', () => pool.close());
  await closed;
  t.like(pool.stats(), { state: 'closed', js: { workers: 0, queued: 0, running: 0 } });
  t.deepEqual(await Promise.all(results), [1, 2, 3]);
  await inTask(t, () => {
    refused(t, 'ERR_OFFLOAD_CLOSED', () => work(1, 5));
  });
});

for (const [how, end] of [
  ['close with a grace', (pool: Offload): unknown => pool.close({ grace: 100 })],
  ['close with a grace of 0', (pool: Offload): unknown => pool.close({ grace: 0 })],
  ['destroy', (pool: Offload): unknown => pool.destroy()],
  [
    'destroy while it closes',
    (pool: Offload): unknown => {
      const closed = pool.close();
      pool.destroy();
      return closed;
    },
  ],
] as const) {
  test(`${how} ends functions that hang, and tells every caller`, async (t) => {
    const pool = new Offload({ threads: 1 });
    const forever = pool.js(() => {
      for (;;);
    });
    await pool.js(() => 0).promised();
    const running = forever.promised();
    const queued = forever.promised();
    const before = Date.now();
    const ended = Promise.all([
      t.throwsAsync(running, { code: 'ERR_OFFLOAD_ABANDONED' }),
      t.throwsAsync(queued, { code: 'ERR_OFFLOAD_CLOSED' }),
    ]);
    await end(pool);
    await ended;
    t.true(Date.now() - before < 5000);
    t.is(pool.stats().js.workers, 0);
    pool.destroy();
  });
}

test('a grace beyond what a timer can wait for is waited for', async (t) => {
  const pool = new Offload({ threads: 1 });
  const result = pool.js(after).promised(50, 1);
  await pool.close({ grace: 2 ** 31 });
  t.is(await result, 1);
});

test('a task that is cancelled in close closes the pool nevertheless', async (t) => {
  const pool = new Offload({ threads: 1 });
  const result = pool.js(after).promised(50, 1);
  await inTask(t, () => {
    t.true(caught(() => timeout(5, () => pool.close())) instanceof TimeoutError);
    while (pool.stats().state !== 'closed') sleep(1);
  });
  t.is(await result, 1);
});

test('a worker that ends is an error of the call that it ran, and the next one runs', async (t) => {
  const pool = new Offload({ threads: 1 });
  const exits = pool.js(function exits(code: number) {
    process.exit(code);
  });
  const stray = pool.js(
    async () =>
      new Promise(() =>
        setTimeout(() => {
          throw Object.assign(new Error('stray'), { code: 'ESTRAY' });
        }),
      ),
  );
  const unhandled = pool.js(async () => {
    void Promise.reject(new Error('unhandled'));
    await new Promise(() => undefined);
  });
  await inTask(t, () => {
    const queued = spawn(() => exits(1));
    t.regex(refused(t, 'ERR_OFFLOAD_WORKER', () => exits(0))!.message, /of exits.*exit\(0\)/);
    t.regex((caught(() => queued.join()) as Error).message, /exit\(1\)/);
    const error = refused(t, 'ERR_OFFLOAD_WORKER', () => stray());
    t.regex(error!.message, /nobody caught stray/);
    t.like(error!.cause, { message: 'stray', code: 'ESTRAY' });
    t.regex(refused(t, 'ERR_OFFLOAD_WORKER', () => unhandled())!.message, /unhandled/);
    t.is(pool.js(after)(1, 7), 7);
  });
  await pool.close();
});

test('a worker whose memory is out is an error, and the process goes on', async (t) => {
  const program = `
    const { Offload } = require('greenfiber/offload');
    const { spawn } = require('greenfiber');
    const pool = new Offload({ threads: 1 });
    spawn(() => {
      try {
        pool.js(() => { const all = []; for (;;) all.push(new Array(1e5).fill(all.length)); })();
      } catch (error) {
        console.log(JSON.stringify([error.code, error.message, error.cause.code, pool.js(() => 1)()]));
      }
      pool.close();
    });`;
  const { code, signal, stdout, stderr } = await runChild(program, {
    flags: ['--max-old-space-size=80'],
  });
  t.deepEqual({ code, signal }, { code: 0, signal: null }, `after printing ${stdout}${stderr}`);
  t.deepEqual(JSON.parse(stdout), [
    'ERR_OFFLOAD_WORKER',
    'The worker thread of a function ended before it answered: its memory was out',
    'ERR_WORKER_OUT_OF_MEMORY',
    1,
  ]);
});

test('where workers cannot be started, each call says so', async (t) => {
  const program = `
    const { Offload } = require('greenfiber/offload');
    const { spawn } = require('greenfiber');
    const pool = new Offload({ threads: 2 });
    const one = pool.js(() => 1);
    process.env.GREENFIBER_TEST_FAIL = 'yes';
    spawn(() => {
      const calls = [1, 2, 3].map(() => spawn(() => {
        try { return one(); } catch (error) { return error.code; }
      }));
      const codes = calls.map((call) => call.join());
      delete process.env.GREENFIBER_TEST_FAIL;
      console.log(JSON.stringify([...codes, one()]));
      pool.close();
    });`;
  const flags = ['--require=./test/fixtures/fails-in-workers.cjs'];
  t.deepEqual(await answerOf(t, program, { flags }), [
    ...Array<string>(3).fill('ERR_OFFLOAD_WORKER'),
    1,
  ]);
});

(nodeMajor >= 24 ? test : test.skip)(
  'where workers are not allowed, each call says so',
  async (t) => {
    const program = `
    const { Offload } = require('greenfiber/offload');
    const pool = new Offload({ threads: 2 });
    const one = pool.js(() => 1);
    const code = (error) => [error.code, error.cause.code];
    Promise.all([one().catch(code), one().catch(code)]).then((codes) => {
      console.log(JSON.stringify(codes));
      return pool.close();
    });`;
    const flags = ['--permission', '--allow-addons', '--allow-fs-read=*'];
    const refusal = ['ERR_OFFLOAD_THREADS', 'ERR_ACCESS_DENIED'];
    t.deepEqual(await answerOf(t, program, { flags }), [refusal, refusal]);
  },
);

test('the process waits for calls, and neither for idle workers nor for calls of background tasks', async (t) => {
  const prelude = `
    const { Offload } = require('greenfiber/offload');
    const { spawn, sleep, currentTask } = require('greenfiber');
    const pool = new Offload({ threads: 1 });
    const late = pool.js((ms) => new Promise((resolve) => setTimeout(resolve, ms)));
    const print = (text) => process.on('exit', () => console.log(text));`;
  const quietly = { code: 0, signal: null, stderr: '' };
  const busy = await runChild(`${prelude} spawn(() => { late(300); late(1); print('ran'); });`);
  t.deepEqual(busy, { ...quietly, stdout: 'ran\n' });
  const queued = await runChild(`${prelude}
    const background = spawn(() => late(60_000)).unref();
    background.then(undefined, () => undefined);
    const waiting = spawn(() => { sleep(200); late(1); });
    waiting.then(undefined, (error) => print(error.code));
    setTimeout(() => pool.destroy(), 500).unref();`);
  t.deepEqual(queued, { ...quietly, stdout: 'ERR_OFFLOAD_CLOSED\n' });
  for (const [background, patience] of [
    ['spawn(() => late(60_000)).unref();', 30_000],
    ['const task = spawn(() => late(60_000)); setTimeout(() => task.unref(), 300);', 30_000],
  ] as const) {
    const exit = await runChild(prelude + background, { timeout: patience });
    t.deepEqual(exit, { ...quietly, stdout: '' });
  }
});

test('what a task waits for is in reports, and the pool is not loaded before the first call', async (t) => {
  const pool = new Offload({ threads: 1 });
  const work = pool.js(after);
  await inTask(t, () => {
    t.is(pool.stats().js.workers, 0);
    const task = spawn(() => work(30, 1));
    sleep(5);
    t.regex(inspect(task), /waitsIn: 'Offload\.js'/);
    t.is(task.join(), 1);
  });
  await pool.close();
});

test('thousands of calls, cancelled at random, each end, and nobody is left', async (t) => {
  const pool = new Offload({ threads: 2 });
  const work = pool.js(after);
  await inTask(t, () => {
    const tasks = Array.from({ length: 1000 }, (_, i) =>
      spawn(() => work(i % 100 === 0 ? 3 : 0, i)),
    );
    sleep(60);
    tasks.forEach((task, i) => {
      if (i % 3 === 0) task.cancel();
    });
    const ended = tasks.map((task, i) => {
      const error = caught(() => t.is(task.join(), i));
      return error === undefined || error instanceof AbortError;
    });
    t.false(ended.includes(false));
    t.like(pool.stats().js, { queued: 0, running: 0, calls: 1000 });
  });
  await pool.close();
});
