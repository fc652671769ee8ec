// Whatever V8 was told of a sleeping stack stays true until the isolate is gone: a cache of JSON.stringify, for one,
// lies in its frame and is emptied after each collection, also after those that come when the environment has ended.
import { join } from 'node:path';

import test from 'ava';

import { runChild } from '../helpers/child';
import { onDirect } from '../helpers/on-direct';

const FIXTURE = join(__dirname, '../fixtures/asleep-in-built-ins.cjs');

/** Ends a few workers, one after the other, and prints how each of them ended. */
const workers = (how: string, times: number): string => `
  const { Worker } = require('node:worker_threads');
  const ended = [];
  const next = (left) => {
    if (left === 0) return console.log(JSON.stringify(ended));
    const worker = new Worker(${JSON.stringify(FIXTURE)}, {
      workerData: ${JSON.stringify(how)},
      resourceLimits: { maxOldGenerationSizeMb: 24 },
    });
    let error;
    worker.on('message', () => { if (/terminate|loop/.test(${JSON.stringify(how)})) worker.terminate(); });
    worker.on('error', (thrown) => (error = thrown.code ?? thrown.message));
    worker.on('exit', (code) => { ended.push(error ?? code); next(left - 1); });
  };
  next(${String(times)});`;

const TIMES = 3;
const inWorker: [how: string, answer: unknown][] = [
  ['naturally', 0],
  ['in a loop', 1],
  ['by terminate', 1],
  ['by process.exit', 3],
  ['by process.exit in a fiber', 3],
  ['by process.exit in a built-in in a fiber', 3],
  ['by an error', 'nobody catches it'],
  ['by an error in a fiber', 'nobody catches it'],
  ['out of memory', 'ERR_WORKER_OUT_OF_MEMORY'],
  ['out of memory in a fiber', 'ERR_WORKER_OUT_OF_MEMORY'],
  ['out of memory in a built-in in a fiber', 'ERR_WORKER_OUT_OF_MEMORY'],
  ['out of memory in a timer', 'ERR_WORKER_OUT_OF_MEMORY'],
];
for (const [how, answer] of inWorker) {
  // The locker engine serves a termination only when the fiber that ran runs again.
  const testWhere = how === 'in a loop' ? onDirect : test;
  testWhere(`a worker in which fibers sleep in every built-in ends ${how}`, async (t) => {
    const exit = await runChild(workers(how, TIMES), { timeout: 120_000 });
    t.like(exit, { code: 0, signal: null });
    // Before it V8 may print a script of Node's own, whose compilation was cut short by the termination.
    const [ended = ''] = /\[[^[]*\]\n$/.exec(exit.stdout) ?? [];
    t.deepEqual(JSON.parse(ended), new Array(TIMES).fill(answer));
  });
}

const inMain: [how: string, code: number][] = [
  ['naturally', 0],
  ['by process.exit', 3],
  ['by process.exit in a fiber', 3],
  ['by process.exit in a built-in in a fiber', 3],
  ['by an error', 1],
  ['by an error in a fiber', 1],
];
for (const [how, code] of inMain) {
  test(`a process in which fibers sleep in every built-in ends ${how}`, async (t) => {
    const exit = await runChild(FIXTURE, { args: [how] });
    t.deepEqual([exit.signal, exit.code], [null, code], exit.stderr);
  });
}
