// A termination ends JavaScript wherever it is: below an async scope, where the stack that ends is no longer in any
// context of V8; while greenfiber loads; while it switches.
import { join } from 'node:path';

import test from 'ava';

import { answerOf } from '../helpers/answer';
import { onDirect } from '../helpers/on-direct';

const FIXTURE = join(__dirname, '../fixtures/every-switch.cjs');

/** Runs `source` in workers, one after the other; each is terminated when it says so. Prints their exit codes. */
const workers = (source: string, times: number): string => `
  const { Worker } = require('node:worker_threads');
  const codes = [];
  const next = (left) => {
    if (left === 0) return console.log(JSON.stringify(codes));
    const worker = new Worker(${JSON.stringify(source)}, { eval: true });
    worker.on('message', () => worker.terminate());
    worker.on('exit', (code) => { codes.push(code); next(left - 1); });
  };
  next(${String(times)});`;

const TIMES = 5;
const scopes: [what: string, scope: string][] = [
  ['an AsyncResource', 'new (async_hooks.AsyncResource)("X").runInAsyncScope(end)'],
  [
    'two of them, and a join',
    'new (async_hooks.AsyncResource)("X").runInAsyncScope(() => async_hooks.AsyncResource.bind(() => [{ toString: end }].join())())',
  ],
  ['an AsyncLocalStorage', 'new (async_hooks.AsyncLocalStorage)().run({}, end)'],
  ['JSON.stringify', 'JSON.stringify({ toJSON: end })'],
  ['prepareStackTrace', '(Error.prepareStackTrace = end, new Error("X").stack)'],
  ['a generator', '[...generate((emit) => { emit(1); end(); })]'],
  ['an effect', 'handle(() => end())'],
  ['nested fibers', 'new Fiber(() => new Fiber(end).resume()).resume()'],
];
const program = (scope: string, end: string): string => `
  const { Fiber, generate, handle, spawn } = require('greenfiber');
  const async_hooks = require('node:async_hooks');
  const { parentPort } = require('node:worker_threads');
  const asleep = new Fiber(() => new async_hooks.AsyncResource('X').runInAsyncScope(() => Fiber.yield()));
  asleep.resume();
  const end = () => { ${end} };
  const body = () => ${scope};`;
const spin = 'parentPort.postMessage(1); for (;;);';

for (const [what, scope] of scopes) {
  test(`process.exit in a worker below ${what} in a fiber or a task ends the worker`, async (t) => {
    const fiber = `${program(scope, 'process.exit(3);')} new Fiber(body).resume();`;
    t.deepEqual(await answerOf(t, workers(fiber, TIMES)), new Array(TIMES).fill(3));
    const task = `${program(scope, 'process.exit(3);')} spawn(body); setTimeout(() => {}, 1e6);`;
    t.deepEqual(await answerOf(t, workers(task, TIMES)), new Array(TIMES).fill(3));
  });

  onDirect(`a worker that spins below ${what} in a fiber is terminated`, async (t) => {
    const source = `${program(scope, spin)} new Fiber(body).resume(); parentPort.postMessage(2);`;
    t.deepEqual(await answerOf(t, workers(source, TIMES)), new Array(TIMES).fill(1));
  });

  onDirect(`vm's timeout ends a fiber that spins below ${what}, and others go on`, async (t) => {
    const source = `${program(scope, 'for (;;);')}
      const vm = require('node:vm');
      const { prepareStackTrace } = Error;
      const seen = [];
      let begun;
      for (let i = 0; i < ${String(TIMES)}; i++) {
        const fiber = new Fiber(() => { begun = i; return body(); });
        try { vm.runInNewContext('fiber.resume()', { fiber }, { timeout: 50 }); } catch (error) {
          Error.prepareStackTrace = prepareStackTrace;
          if (begun === i) seen.push(error.code + ' ' + fiber.state);
        }
      }
      asleep.resume();
      console.log(JSON.stringify([...new Set(seen), new Fiber(() => asleep.state).resume()]));`;
    t.deepEqual(await answerOf(t, source), ['ERR_SCRIPT_EXECUTION_TIMEOUT finished', 'finished']);
  });
}

onDirect('workers are terminated at any moment while they load and switch', async (t) => {
  const source = `
    const { Worker } = require('node:worker_threads');
    let left = 4;
    const next = (delay) => {
      if (delay > 400) return --left > 0 || console.log('"all"');
      const worker = new Worker(${JSON.stringify(FIXTURE)}, { stdout: true, stderr: true });
      setTimeout(() => worker.terminate(), delay);
      worker.on('exit', () => next(delay + 40));
    };
    for (let i = 0; i < 4; i++) next(10 * i);`;
  // V8 complains of a context that cannot have its `gc` since its worker ends meanwhile.
  const flags = ['--no-expose-gc'];
  t.is(await answerOf(t, source, { flags, timeout: 180_000 }), 'all');
});
