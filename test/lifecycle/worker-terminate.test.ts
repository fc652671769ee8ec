// worker.terminate() and process.exit() in a worker: no line of JavaScript runs any more, on whatever stack.
import { join } from 'node:path';

import test from 'ava';

import { answerOf } from '../helpers/answer';
import { onDirect } from '../helpers/on-direct';

const helper = JSON.stringify(join(__dirname, 'run-workers.js'));
const program = (body: string): string => `
  const { runWorker, runWorkers } = require(${helper});
  (async () => { console.log(JSON.stringify(await ${body})); })();`;

test('a worker with suspended fibers can be terminated', async (t) => {
  const answer = await answerOf(t, program("runWorkers(4, 'sleep', 5)"));
  t.deepEqual(answer, new Array(4).fill({ code: 1, messages: ['ready'] }));
});

test('a worker is terminated in a fiber that loops, and neither the fiber nor its resumers go on', async (t) => {
  const answer = await answerOf(t, program("runWorkers(4, 'spin', 20)"));
  t.deepEqual(answer, new Array(4).fill({ code: 1, messages: ['ready'] }));
});

onDirect('a worker is terminated while its fibers switch all the time', async (t) => {
  const answer = await answerOf(t, program("runWorkers(4, 'switches', 20)"));
  t.deepEqual(answer, new Array(4).fill({ code: 1, messages: ['ready'] }));
});

test('process.exit() in a nested fiber of a worker ends the worker there', async (t) => {
  const answer = await answerOf(t, program("runWorkers(4, 'exit')"));
  t.deepEqual(answer, new Array(4).fill({ code: 5, messages: [] }));
});

// Under load, rarely, a crash of the locker engine at exit whose cause is not known yet.
onDirect('the process can end while workers have suspended and running fibers', async (t) => {
  const body = `new Promise((resolve) => {
    void runWorkers(2, 'sleep');
    void runWorkers(2, 'switches');
    setTimeout(() => { console.log('"ends"'); process.exit(0); }, 300);
  })`;
  t.is(await answerOf(t, program(body)), 'ends');
});

onDirect('the process can end at any moment while workers load', async (t) => {
  for (let delay = 40; delay < 400; delay += 30) {
    const body = `new Promise((resolve) => {
      void runWorkers(3, 'switches');
      setTimeout(() => { console.log('"ends"'); process.exit(0); }, ${String(delay)});
    })`;
    t.is(await answerOf(t, program(body)), 'ends', `after ${String(delay)} ms`);
  }
});
