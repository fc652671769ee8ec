// Fibers in worker threads. The tests run in a process of their own, so that a crash is a failure.
import { join } from 'node:path';

import test from 'ava';
import { engine } from 'greenfiber';

import { answerOf } from '../helpers/answer';

const helper = JSON.stringify(join(__dirname, 'run-workers.js'));
const program = (body: string): string => `
  const { runWorker, runWorkers } = require(${helper});
  const print = (value) => console.log(JSON.stringify(value));
  (async () => { ${body} })();`;

const sum = { engine, sum: 4950 };

test('a worker runs fibers with the same engine as the main thread', async (t) => {
  t.deepEqual(await answerOf(t, program("print(await runWorker('compute'))")), {
    code: 0,
    messages: [sum],
  });
});

test('several workers calibrate and run fibers at once', async (t) => {
  const body =
    "print((await runWorkers(6, 'compute')).map(({ code, messages, error }) => error ?? [code, ...messages]))";
  t.deepEqual(await answerOf(t, program(body)), new Array(6).fill([0, sum]));
});

test('workers and the main thread run fibers at once', async (t) => {
  const body = `
    const { Fiber } = require('greenfiber');
    const fibers = Array.from({ length: 100 }, (_, i) => new Fiber(() => { for (let k = 0; k < 1e9; k++) Fiber.yield(i); }));
    const timer = setInterval(() => { for (const fiber of fibers) fiber.resume(); gc(); }, 1);
    const ended = await runWorkers(3, 'compute');
    clearInterval(timer);
    print([ended.map(({ error, messages }) => error ?? messages[0].sum), fibers.map((fiber) => fiber.resume()).at(-1)]);`;
  t.deepEqual(await answerOf(t, program(body)), [[4950, 4950, 4950], 99]);
});

test('greenfiber loaded in a worker first, and in the main thread after the worker ended', async (t) => {
  const body = `
    const ended = await runWorker('finish');
    const { Fiber, engine } = require('greenfiber');
    print([ended, new Fiber(() => Fiber.yield(7)).resume(), engine]);`;
  t.deepEqual(await answerOf(t, program(body)), [{ code: 0, messages: [4950] }, 7, engine]);
});

test('worker after worker leaves suspended fibers behind and no crash', async (t) => {
  const body = `
    const all = [];
    for (let i = 0; i < 6; i++) all.push(await runWorker('leaveSuspended'));
    print(all);`;
  t.deepEqual(await answerOf(t, program(body)), new Array(6).fill({ code: 0, messages: ['left'] }));
});

test('an error that leaves a fiber and a worker arrives in the main thread', async (t) => {
  const expected = { code: 1, messages: [], error: 'thrown in a fiber of a worker' };
  t.deepEqual(
    await answerOf(t, program("print(await runWorkers(3, 'throws'))")),
    new Array(3).fill(expected),
  );
});
