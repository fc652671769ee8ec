// Tasks and the process, or the worker, that they run in.
import test from 'ava';
import { runChild } from '../helpers/child';

test('the error of a task that nobody joins is an unhandled rejection', async (t) => {
  const lonely = await runChild(({ spawn }) => {
    spawn(() => {
      throw new Error('nobody looks');
    });
  });
  t.is(lonely.signal, null);
  t.is(lonely.code, 1);
  t.regex(lonely.stderr, /nobody looks/);
  const joined = await runChild(({ spawn }) => {
    const bad = spawn(() => {
      throw new Error('somebody looks');
    });
    spawn(() => {
      try {
        bad.join();
      } catch {
        console.log('seen');
      }
    });
  });
  t.like(joined, { code: 0, signal: null, stdout: 'seen\n', stderr: '' });
});

test('a process that ends while tasks sleep for ever reports a deadlock', async (t) => {
  const stuck = await runChild(({ spawn, wait }) => {
    const task = spawn(function deep() {
      wait(new Promise(() => undefined));
    });
    task.name = 'the one that waits';
    spawn(() => task.join());
  });
  t.is(stuck.code, 13);
  t.regex(stuck.stderr, /deadlock[^]*2 tasks/);
  t.regex(stuck.stderr, /"the one that waits" \[parked\]: waits in wait on Promise\n[^]*deep/);
  t.regex(stuck.stderr, /Task\.join on task 1 "the one that waits"/);
});

test('no deadlock is reported for tasks in the background, or when the process is told to exit', async (t) => {
  const background = await runChild(({ spawn, sleep }) => {
    spawn(() => sleep(60_000)).unref();
    spawn(() => sleep(Infinity)).unref();
  });
  t.like(background, { code: 0, signal: null, stderr: '' });
  const told = await runChild(({ spawn, sleep }) => {
    spawn(() => sleep(Infinity));
    setTimeout(() => process.exit(3), 5);
  });
  t.like(told, { code: 3, signal: null, stderr: '' });
});

test('a task that holds the thread is warned about when debugging', async (t) => {
  const slow = await runChild(
    ({ spawn }) => {
      spawn(() => {
        const begin = Date.now();
        while (Date.now() - begin < 1000);
      }).name = 'hog';
    },
    { env: { GREENFIBER_DEBUG: '1', GREENFIBER_SLOW_MS: '20' } },
  );
  t.regex(slow.stderr, /hog has held the thread for \d+ ms/);
});

test('workers run tasks of their own, and can be terminated while tasks sleep', async (t) => {
  const exit = await runChild(`
    const { Worker } = require('node:worker_threads');
    const source = \`
      const { spawn, sleep } = require('greenfiber');
      const { parentPort } = require('node:worker_threads');
      spawn(() => { sleep(1); parentPort.postMessage('slept'); sleep(1e6); });
      for (let i = 0; i < 10; i++) spawn(() => sleep(1e6));
    \`;
    const workers = [0, 1].map(() => new Worker(source, { eval: true }));
    for (const worker of workers) {
      worker.on('message', (text) => { console.log(text); worker.terminate(); });
    }
  `);
  t.like(exit, { code: 0, signal: null, stdout: 'slept\nslept\n' });
});
