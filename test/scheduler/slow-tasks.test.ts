// Tasks that hold the thread for too long are reported while they do, with where they are.
import { spawn as spawnProcess } from 'node:child_process';

import test from 'ava';
import { Scheduler, sleep, spawn, type SlowTask } from 'greenfiber';

import { answerOf } from '../helpers/answer';
import { runChild } from '../helpers/child';
import { refused } from '../helpers/codes';
import { onDirect } from '../helpers/on-direct';
import { ROOT } from '../helpers/root';

const THRESHOLD_MS = 20;

function grindFor(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** Holds the thread for longer and longer, until that is noticed: the machine may be busy with others. */
function grindUntil(isNoticed: () => boolean): void {
  for (let ms = 100; !isNoticed(); ms *= 2) {
    [ms].forEach(grindFor);
    sleep(1);
  }
}

test('a scheduler tells who held the thread, for how long, and where it was', async (t) => {
  const told: SlowTask[] = [];
  const scheduler = new Scheduler({
    slowTask: THRESHOLD_MS,
    onSlowTask: (slow) => told.push(slow),
  });
  const hog = scheduler.spawn(function hog() {
    // On a busy machine the first look may find the task before its first line.
    grindUntil(() => told.some(({ stack }) => stack.includes('grindFor')));
  });
  await hog;
  const { task, ms, stack } = told.at(-1)!;
  t.is(task, hog);
  t.true(ms >= THRESHOLD_MS);
  t.regex(stack, /at grindFor \(.*slow-tasks\.test\.js:\d+:\d+\)\n[^]*at grindUntil [^]*at hog /);
  t.notRegex(stack, /dist\/scheduler/);
});

test('each is told of its own tasks, once for each time that one held the thread', async (t) => {
  const here: SlowTask[] = [];
  const there: SlowTask[] = [];
  const scheduler = new Scheduler({
    slowTask: THRESHOLD_MS,
    onSlowTask: (slow) => here.push(slow),
  });
  const other = new Scheduler({ slowTask: THRESHOLD_MS, onSlowTask: (slow) => there.push(slow) });
  let times = 0;
  await scheduler.spawn(() => {
    grindUntil(() => {
      times++;
      return here.length > 1;
    });
  });
  t.true(here.length < times, 'no more often than it ran');
  t.deepEqual(there, []);
  await other.spawn(() => {
    grindUntil(() => there.length > 0);
  });
});

test('whoever is told may do whatever a callback may', async (t) => {
  const slow = await new Promise<SlowTask>((resolve) => {
    let noticed = false;
    const scheduler = new Scheduler({
      slowTask: THRESHOLD_MS,
      onSlowTask: (report) => {
        noticed = true;
        spawn(() => {
          sleep(1);
          resolve(report);
        });
      },
    });
    scheduler.spawn(() => {
      grindUntil(() => noticed);
    });
  });
  t.regex(slow.task.name, /^task \d+$/);
});

test('what a listener throws is an uncaught error, and the task goes on', async (t) => {
  const answer = await answerOf(t, ({ Scheduler, sleep }) => {
    let thrown = 0;
    process.on('uncaughtException', (error) => {
      thrown++;
      if (error.message !== 'of the listener') throw error;
    });
    const scheduler = new Scheduler({
      slowTask: 20,
      onSlowTask: () => {
        throw new Error('of the listener');
      },
    });
    scheduler.spawn(() => {
      for (let ms = 100; thrown === 0; ms *= 2) {
        const end = performance.now() + ms;
        while (performance.now() < end);
        sleep(1);
      }
      console.log(JSON.stringify('went on'));
    });
  });
  t.is(answer, 'went on');
});

test('with GREENFIBER_DEBUG=1 it is written while the task spins', async (t) => {
  const child = spawnProcess(
    process.execPath,
    [
      '-e',
      `const { spawn } = require('greenfiber');
       spawn(function hog() { for (;;); }, { name: 'hog' });`,
    ],
    {
      cwd: ROOT,
      env: { ...process.env, GREENFIBER_DEBUG: '1' },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let stderr = '';
  child.stderr.setEncoding('utf8');
  for await (const text of child.stderr) {
    stderr += text as string;
    if (stderr.includes('at hog')) child.kill('SIGKILL');
  }
  t.regex(
    stderr,
    /^greenfiber: hog has held the thread for \d+ ms, and is in\n +at hog \(\[eval\]/m,
  );
});

test('a blocking call of Node is found where it was made, and a fiber where it spins', async (t) => {
  const { stderr, code } = await runChild(
    `
    const { execSync } = require('node:child_process');
    const { Fiber, spawn } = require('greenfiber');
    spawn(function blocks() { execSync('sleep 1'); });
    spawn(() => new Fiber(function inFiber() {
      const end = Date.now() + 1000;
      while (Date.now() < end);
    }).resume());
  `,
    { env: { GREENFIBER_DEBUG: '1' } },
  );
  t.is(code, 0);
  t.regex(stderr, /task 1 has held [^]*at execSync [^]*at blocks /);
  t.regex(stderr, /task 2 has held [^]*at inFiber /);
});

test('who asks for nothing has no thread that watches', async (t) => {
  const watchdogs = (options: string, until: number) =>
    answerOf(
      t,
      `
      const { readdirSync, readFileSync } = require('node:fs');
      const { Scheduler, sleep } = require('greenfiber');
      const watchdogs = () => readdirSync('/proc/self/task').filter((id) =>
        readFileSync('/proc/self/task/' + id + '/comm', 'utf8').trim() === 'fiber-watchdog').length;
      new Scheduler(${options}).spawn(() => {
        // The thread names itself some time after it was made.
        while (watchdogs() < ${String(until)}) sleep(1);
        console.log(watchdogs());
      });
    `,
      { env: { GREENFIBER_DEBUG: '' } },
    );
  t.is(await watchdogs('{}', 0), 0);
  t.is(await watchdogs('{ slowTask: Infinity }', 0), 0);
  t.is(await watchdogs('{ slowTask: 1000 }', 1), 1);
});

test('a worker that is watched can be terminated while a task of it spins', async (t) => {
  const answer = await answerOf(t, () => {
    const { Worker } = require('node:worker_threads') as typeof import('node:worker_threads');
    const worker = new Worker(
      `
      const { parentPort } = require('node:worker_threads');
      const { Scheduler } = require('greenfiber');
      new Scheduler({ slowTask: 1, onSlowTask() {} }).spawn(() => {
        parentPort.postMessage('spins');
        for (;;);
      });
    `,
      { eval: true },
    );
    worker.on('message', () => {
      setTimeout(() => {
        void worker.terminate().then(() => {
          console.log(JSON.stringify('terminated'));
        });
      }, 50);
    });
  });
  t.is(answer, 'terminated');
});

onDirect('a task that a limit of processor time ends is reported before', async (t) => {
  const told: SlowTask[] = [];
  const scheduler = new Scheduler({
    slowTask: THRESHOLD_MS,
    onSlowTask: (slow) => told.push(slow),
    cpuLimit: 500,
  });
  const spinning = scheduler.spawn(function spins() {
    for (;;);
  });
  await t.throwsAsync(async () => spinning, { code: 'ERR_TASK_CPU_LIMIT' });
  t.is(told.length, 1);
  t.is(told[0]!.task, spinning);
  t.regex(told[0]!.stack, /^ +at spins /);
});

test('bad input is refused', (t) => {
  refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () => new Scheduler({ slowTask: -1 }));
  refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => new Scheduler({ slowTask: '1' as never }));
  refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => new Scheduler({ onSlowTask: 1 as never }));
});
