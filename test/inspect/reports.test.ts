// What is reported without being asked for: deadlocks, slow tasks, leaks.
import test from 'ava';

import { runChild, type Exit, type Program } from '../helpers/child';

const debug = (program: Program, env = {}): Promise<Exit> =>
  runChild(program, { env: { GREENFIBER_DEBUG: '1', ...env } });

test('a deadlock names who waits for whom in a circle', async (t) => {
  const child = await runChild(`
    const { group, sleep, spawn } = require('greenfiber');
    let left, right;
    function waitsForRight() { sleep(1); [1].forEach(() => right.join()); }
    function waitsForLeft() { sleep(1); left.join(); }
    left = spawn(waitsForRight);
    right = spawn(waitsForLeft);
    left.name = 'left';
    right.name = 'right';
    spawn(() => left.join()).name = 'bystander';
  `);
  t.is(child.code, 13);
  t.regex(child.stderr, /deadlock: the event loop is empty, and 3 tasks will never go on/);
  t.regex(
    child.stderr,
    /^cycle: (task 1 "left" waits for task 2 "right" waits for task 1 "left"|task 2 "right" waits for task 1 "left" waits for task 2 "right")$/m,
  );
  t.regex(
    child.stderr,
    /task 1 "left" \[parked\]: waits in Task\.join on task 2 "right"\n[^]*Array\.forEach[^]*at waitsForRight/,
  );
  t.regex(child.stderr, /task 3 "bystander" \[parked\]: waits in Task\.join on task 1 "left"/);
});

test('a group that waits for a member that waits for the group is a circle', async (t) => {
  const child = await runChild(({ group, spawn, yieldNow }) => {
    const owner = spawn(() =>
      group((g) => {
        g.spawn(() => {
          yieldNow();
          owner.join();
        }).name = 'member';
      }),
    );
    owner.name = 'owner';
  });
  t.is(child.code, 13);
  t.regex(child.stderr, /^cycle: .*"owner" waits for .*"member"|"member" waits for .*"owner"/m);
});

test("a deadlock keeps the program's own exit code, unless that says success", async (t) => {
  const stuck = (exitCode: string) =>
    runChild(`
      const { spawn, sleep } = require('greenfiber');
      process.exitCode = ${exitCode};
      spawn(() => sleep(Infinity));
    `);
  for (const [set, code] of [
    ['undefined', 13],
    ['0', 13],
    ['5', 5],
  ] as const) {
    const child = await stuck(set);
    t.is(child.code, code, set);
    t.regex(child.stderr, /deadlock/);
  }
});

test('who sleeps in the background is no deadlock, but is named in the circle of one', async (t) => {
  const background = await runChild(({ spawn, sleep }) => {
    spawn(() => sleep(Infinity)).unref();
  });
  t.like(background, { code: 0, stderr: '' });
  const both = await runChild(`
    const { spawn, yieldNow } = require('greenfiber');
    let front;
    const back = spawn(() => { yieldNow(); front.join(); });
    back.name = 'back';
    back.unref();
    front = spawn(() => back.join());
    front.name = 'front';
  `);
  t.is(both.code, 13);
  t.regex(both.stderr, /1 task will never go on/);
  t.regex(both.stderr, /^cycle: .*"back"/m);
  t.notRegex(both.stderr, /^task \d+ "back" \[/m);
});

test('tasks that are woken after the loop was empty once are no deadlock', async (t) => {
  const revived = await runChild(({ spawn, wait }) => {
    let wake: () => void;
    const alarm = new Promise<void>((resolve) => (wake = resolve));
    spawn(() => {
      wait(alarm);
      console.log('woken');
    });
    process.once('beforeExit', () => setTimeout(wake, 5));
  });
  t.like(revived, { code: 0, stdout: 'woken\n', stderr: '' });
  const told = await runChild(({ spawn, sleep }) => {
    spawn(() => sleep(Infinity));
    process.once('beforeExit', () => {
      setTimeout(() => setTimeout(() => process.exit(3), 5), 5);
    });
  });
  t.like(told, { code: 3, stderr: '' });
});

test('a deadlock on an odd thenable is reported all the same', async (t) => {
  const child = await runChild(({ spawn, wait }) => {
    spawn(() => wait(Object.assign(Object.create(null), { then: () => undefined }))).name = 'odd';
    spawn(() => wait(new Proxy({ then: () => undefined }, {}))).name = 'proxy';
  });
  t.is(child.code, 13);
  t.regex(child.stderr, /"odd" \[parked\]: waits in wait on .*null prototype/);
  t.regex(child.stderr, /"proxy" \[parked\]: waits in wait on (Object|Proxy)/);
});

test('a deadlock in a worker is reported there, and its exit code is not 0', async (t) => {
  const child = await runChild(`
    const { Worker } = require('node:worker_threads');
    const worker = new Worker(\`
      const { spawn, sleep } = require('greenfiber');
      spawn(function stuck() { sleep(Infinity); }).name = 'in the worker';
    \`, { eval: true });
    worker.on('exit', (code) => console.log('worker', code));
  `);
  t.like(child, { code: 0, stdout: 'worker 13\n' });
  t.regex(child.stderr, /deadlock[^]*"in the worker" \[parked\]: waits in sleep\n +at stuck/);
});

test('a slow task is named, with where it was', async (t) => {
  const child = await debug(
    `
    const { spawn, yieldNow } = require('greenfiber');
    function grind() {
      const begin = Date.now();
      while (Date.now() - begin < 1500);
      yieldNow();
    }
    spawn(function hog() { [1].forEach(grind); }).name = 'hog';
    spawn(() => {}).name = 'innocent';
  `,
    { GREENFIBER_SLOW_MS: '200' },
  );
  t.is(child.code, 0);
  t.regex(child.stderr, /hog has held the thread for \d+ ms, and is in\n +at grind [^]*at hog/);
});

test('a slow task that ended is named, too', async (t) => {
  const child = await debug(({ spawn }) => {
    spawn(() => {
      const begin = Date.now();
      while (Date.now() - begin < 1000);
    }).name = 'hog';
  });
  t.regex(child.stderr, /hog has held the thread for \d+ ms/);
});

test("time that the main stack takes between two turns is nobody's", async (t) => {
  const child = await debug(
    ({ spawn, wait }) => {
      const alarm = Promise.resolve();
      spawn(() => wait(alarm)).name = 'innocent';
      void alarm.then(() => {
        const begin = Date.now();
        while (Date.now() - begin < 3000);
      });
    },
    { GREENFIBER_SLOW_MS: '2000' },
  );
  t.like(child, { code: 0, stderr: '' });
});

test('the threshold is an option of enable, and without one nobody is warned', async (t) => {
  const slow = (options: string) =>
    runChild(`
      const { spawn } = require('greenfiber');
      require('greenfiber/inspect').enable(${options});
      spawn(() => {
        const begin = Date.now();
        while (Date.now() - begin < 1000);
      });
    `);
  t.regex(
    (await slow('{ slowTask: 60 }')).stderr,
    /\[GREENFIBER_SLOW_TASK\] SlowTaskWarning: task 1 held the thread for \d+ ms[^]*It was in\n +at/,
  );
  t.is((await slow('{}')).stderr, '');
});

// On a busy machine a task may be slow.
const NEVER_SLOW = { GREENFIBER_SLOW_MS: '100000' };

test('at exit every suspended task and fiber is reported with where it sleeps and was made', async (t) => {
  const child = await debug(
    `
    const { Fiber, sleep, spawn } = require('greenfiber');
    function dozes() { sleep(1e6); }
    function makesTask() { const task = spawn(dozes); task.name = 'dozer'; task.unref(); }
    function makesFiber() { new Fiber(function stops() { Fiber.yield(); }, { name: 'stopped' }).resume(); }
    makesTask();
    makesFiber();
    const ended = new Fiber(() => Fiber.yield());
    ended.resume();
    ended.resume();
  `,
    NEVER_SLOW,
  );
  t.is(child.code, 0);
  t.regex(child.stderr, /^greenfiber: 1 task and 1 fiber were still suspended at exit/);
  t.regex(
    child.stderr,
    /task 1 "dozer" \[parked, [^\]]*background[^\]]*\]: waits in sleep\n +at dozes [^]*spawned [\d.]+ ms ago in\n +at makesTask/,
  );
  t.regex(
    child.stderr,
    /fiber \d+ "stopped" \[suspended\]:\n +at stops [^]*created [\d.]+ ms ago in\n +at makesFiber/,
  );
});

test('a leak is reported on process.exit() and in a worker, and nothing when nothing leaked', async (t) => {
  const told = await debug(({ spawn, sleep }) => {
    spawn(() => sleep(1e6)).name = 'left alone';
    setTimeout(() => process.exit(3), 5);
  });
  t.is(told.code, 3);
  t.regex(told.stderr, /1 task and 0 fibers were still suspended at exit[^]*"left alone"/);
  const worker = await debug(`
    const { Worker } = require('node:worker_threads');
    new Worker(\`
      const { Fiber } = require('greenfiber');
      new Fiber(() => Fiber.yield(), { name: 'in the worker' }).resume();
    \`, { eval: true });
  `);
  t.is(worker.code, 0);
  t.regex(worker.stderr, /0 tasks and 1 fiber were still suspended at exit[^]*"in the worker"/);
  const clean = await debug(({ spawn, sleep }) => {
    spawn(() => sleep(1));
  }, NEVER_SLOW);
  t.like(clean, { code: 0, stderr: '' });
});

test('what the deadlock report has shown is not reported again as a leak', async (t) => {
  const child = await debug(({ spawn, sleep }) => {
    spawn(() => sleep(Infinity)).name = 'stuck';
  });
  t.is(child.code, 13);
  t.is(child.stderr.match(/"stuck"/g)?.length, 1);
  t.regex(child.stderr, /"stuck" \[parked[^]*spawned [^]* ago in\n +at /);
  t.notRegex(child.stderr, /at exit/);
});

test('what reports is loaded when there is something to report', async (t) => {
  const program = (rest: string): string => `
    const { spawn, wait } = require('greenfiber');
    const loaded = () => Object.keys(require.cache).filter((file) => /dist.inspect.(?!(reports|stats)\\.js)/.test(file));
    console.log(loaded().length);
    ${rest}
  `;
  const { stdout, code } = await runChild(program('spawn(() => undefined);'));
  t.deepEqual([stdout, code], ['0\n', 0]);
  const stuck = await runChild(program('spawn(function deep() { wait(new Promise(() => {})); });'));
  t.is(stuck.stdout, '0\n');
  t.regex(stuck.stderr, /deadlock[^]*1 task[^]*waits in wait on Promise\n[^]*deep/);
});
