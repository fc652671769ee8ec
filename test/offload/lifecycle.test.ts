import test from 'ava';
import { spawn } from 'greenfiber';
import { Offload } from 'greenfiber/offload';

import { answerOf } from '../helpers/answer';
import { runChild } from '../helpers/child';
import { kernelLibrary, kernelsOf, testLibrary } from '../helpers/offload-library';

const library = JSON.stringify(testLibrary());
const kernels = JSON.stringify(kernelLibrary());
const prelude = `
  const { Offload } = require('greenfiber/offload');
  const { spawn, sleep } = require('greenfiber');
  const { Worker, isMainThread, parentPort } = require('node:worker_threads');
  const pool = new Offload({ threads: 2 });
  const lib = pool.load(${library});
  const kernel = (name) => pool.load(${kernels}).fn(name);`;

test('the process ends while pools are open, and waits for calls under way', async (t) => {
  const program = `${prelude}
    spawn(() => { lib.fn('nap')(50); console.log('napped'); });`;
  t.deepEqual(await runChild(program), { code: 0, signal: null, stdout: 'napped\n', stderr: '' });
});

test('process.exit() with calls under way ends at once', async (t) => {
  const program = `${prelude}
    for (let i = 0; i < 500; i++) spawn(() => lib.fn('nap')(2));
    setTimeout(() => process.exit(3), 20);`;
  const { code, signal, stderr } = await runChild(program);
  t.deepEqual({ code, signal, stderr }, { code: 3, signal: null, stderr: '' });
});

test('process.exit() waits some seconds for a function that hangs, and says so', async (t) => {
  const program = `${prelude}
    lib.fn('hang').promised();
    setTimeout(() => process.exit(4), 20);`;
  const { code, signal, stderr } = await runChild(program);
  t.deepEqual({ code, signal }, { code: 4, signal: null });
  t.is(stderr, 'greenfiber: the external function hang still runs: its thread is left behind\n');
});

test('a pool that was closed with a grace does not keep the process', async (t) => {
  const program = `${prelude}
    lib.fn('hang').promised().catch((error) => console.log(error.code));
    setTimeout(() => pool.close({ grace: 5 }), 20);`;
  t.deepEqual(await runChild(program), {
    code: 0,
    signal: null,
    stdout: 'ERR_OFFLOAD_ABANDONED\n',
    stderr: '',
  });
});

test('a hundred pools, one after the other and some at once, leave no thread behind', async (t) => {
  const program = `
    const { Offload } = require('greenfiber/offload');
    const threads = () => require('node:fs').readdirSync('/proc/self/task').length;
    (async () => {
      await new Offload({ threads: 1 }).close();
      const before = threads();
      const none = (pool) => pool.load(${kernels}).fn('none');
      for (let i = 0; i < 25; i++) {
        const pools = [1, 2, 3, 4].map(() => new Offload({ threads: 2, pin: i % 2 === 0 }));
        await Promise.all(pools.map((pool) => none(pool).promised(new Uint8Array(8), 1)));
        await Promise.all(pools.map((pool) => pool.close()));
      }
      console.log(threads() - before);
    })();`;
  t.is(await answerOf(t, program), 0);
});

test('several pools at once each run their own calls', async (t) => {
  const pools = [1, 2, 3].map((threads) => new Offload({ threads, batch: { size: threads * 5 } }));
  const chunks = pools.map(() => new Int32Array(64).fill(1));
  const memories = pools.map((pool) => kernelsOf(pool).memory);
  await Promise.all(
    memories.flatMap((memory, i) =>
      Array.from({ length: 60 }, (_, k) =>
        spawn(() => {
          for (let n = 0; n < 4; n++) memory(chunks[i]!.subarray(k, k + 1), 1);
        }),
      ),
    ),
  );
  for (const [i, chunk] of chunks.entries()) {
    t.true(chunk.subarray(0, 60).every((n) => n === 16));
    t.is(pools[i]!.stats().calls, 240);
    t.is(pools[i]!.stats().threads, i + 1);
  }
  for (const pool of pools) await pool.close();
});

const worker = (body: string, main: string): string => `${prelude}
  const source = ${JSON.stringify(`${prelude}\n`)} + ${JSON.stringify(body)};
  const start = () => new Worker(source, { eval: true });
  ${main}`;

test('workers and the main thread each have pools of their own', async (t) => {
  const body = `
    let sum = 0;
    const tasks = Array.from({ length: 300 }, (_, i) => spawn(() => { const n = lib.fn('echo_integer')(i); sum += n; }));
    Promise.all(tasks).then(() => { parentPort.postMessage(sum); return pool.close(); });`;
  const main = `
    const own = Promise.all(Array.from({ length: 300 }, (_, i) => spawn(() => lib.fn('echo_integer')(i))));
    const sums = [1, 2, 3].map(() => new Promise((resolve) => {
      let sum;
      start().on('message', (message) => { sum = message; }).on('exit', (code) => resolve([sum, code]));
    }));
    Promise.all([own, ...sums]).then(([numbers, ...sums]) => {
      console.log(numbers.reduce((a, b) => a + b), JSON.stringify(sums));
      return pool.close();
    });`;
  const { stdout, stderr, code, signal } = await runChild(worker(body, main));
  const sum = (299 * 300) / 2;
  t.deepEqual(
    { stdout, stderr, code, signal },
    {
      stdout: `${sum} ${JSON.stringify([1, 2, 3].map(() => [sum, 0]))}\n`,
      stderr: '',
      code: 0,
      signal: null,
    },
  );
});

test('workers are terminated with calls under way, again and again', async (t) => {
  const body = `
    const memory = kernel('memory');
    for (let i = 0; i < 400; i++) spawn(() => { for (;;) memory(new Int32Array(100), 100); });
    for (let i = 0; i < 4; i++) lib.fn('nap').promised(30);
    parentPort.postMessage('ready');`;
  const main = `
    (async () => {
      for (let i = 0; i < 12; i++) {
        const workers = [start(), start()];
        await Promise.all(workers.map((worker) => new Promise((resolve) => {
          worker.on('message', () => setTimeout(() => worker.terminate().then(resolve), i));
        })));
      }
      await kernel('none').promised(new Uint8Array(8), 1);
      await pool.close();
      console.log('fine', require('fs').readdirSync('/proc/self/task').length < 20);
    })();`;
  t.deepEqual(await runChild(worker(body, main), { timeout: 120_000 }), {
    code: 0,
    signal: null,
    stdout: 'fine true\n',
    stderr: '',
  });
});

test('a worker that is terminated with a function that hangs leaves its thread behind, and the others go on', async (t) => {
  const body = `lib.fn('hang').promised(); setTimeout(() => parentPort.postMessage('ready'), 20);`;
  const main = `
    const worker = start();
    worker.on('message', () => worker.terminate().then(async () => {
      await lib.fn('nap').promised(1);
      await pool.close();
      console.log('fine');
    }));`;
  const { stdout, stderr, code, signal } = await runChild(worker(body, main));
  t.deepEqual({ stdout, code, signal }, { stdout: 'fine\n', code: 0, signal: null });
  t.regex(stderr, /the external function hang still runs/);
});

test('what a task that sleeps in a call waits for is in reports', async (t) => {
  const program = `${prelude}
    const { snapshot } = require('greenfiber/inspect');
    const task = spawn(() => lib.fn('nap')(100));
    setTimeout(() => { const { tasks } = snapshot(); console.log(tasks[0].waits?.what ?? JSON.stringify(tasks[0])); }, 10);`;
  const { stdout } = await runChild(program);
  t.regex(stdout, /nap/);
});
