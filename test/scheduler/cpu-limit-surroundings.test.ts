// cpuLimit beside other things that end what runs, and among thousands of fibers.

import { answerOf } from '../helpers/answer';
import { runChild } from '../helpers/child';
import { onDirect as test } from '../helpers/on-direct';

// V8 walks all stacks before it ends the function, which takes longer than the watchdog waits between two looks.
test('a function ends beside thousands of sleeping fibers', async (t) => {
  const answer = await answerOf(t, ({ cpuLimit, sleep, spawn, yieldNow }) => {
    for (let i = 0; i < 5000; i++) spawn(() => sleep(60_000)).unref();
    spawn(() => {
      yieldNow();
      const codes: unknown[] = [];
      for (let i = 0; i < 5; i++) {
        try {
          cpuLimit(3, () => {
            for (;;);
          });
        } catch (error) {
          codes.push((error as NodeJS.ErrnoException).code);
        }
      }
      console.log(JSON.stringify(codes));
      process.exit();
    });
  });
  t.deepEqual(answer, new Array(5).fill('ERR_TASK_CPU_LIMIT'));
});

test('random ends, with collections, leave everything usable', async (t) => {
  const answer = await answerOf(t, 'test/fixtures/cpu-limits.cjs', { timeout: 120_000 });
  t.deepEqual(answer, []);
});

test('a timeout of vm inside or around a limit is its own', async (t) => {
  const answer = await answerOf(t, ({ cpuLimit, spawn }) => {
    const vm = require('node:vm') as typeof import('node:vm');
    const codeOf = (body: () => unknown): unknown => {
      try {
        return body();
      } catch (error) {
        return (error as NodeJS.ErrnoException).code;
      }
    };
    const forever = (): never => {
      for (;;);
    };
    spawn(() => {
      const log: unknown[] = [];
      const run = (body: () => unknown, timeout: number): unknown =>
        vm.runInNewContext('body()', { body }, { timeout });
      log.push(codeOf(() => cpuLimit(5000, () => codeOf(() => run(forever, 20)))));
      log.push(codeOf(() => run(() => cpuLimit(5000, forever), 20)));
      log.push(codeOf(() => cpuLimit(20, () => run(forever, 5000))));
      log.push(codeOf(() => run(() => codeOf(() => cpuLimit(20, forever)), 5000)));
      console.log(JSON.stringify(log));
    });
  });
  const [vm, limit] = ['ERR_SCRIPT_EXECUTION_TIMEOUT', 'ERR_TASK_CPU_LIMIT'];
  t.deepEqual(answer, [vm, vm, limit, limit]);
});

test('a worker that is terminated inside a limit ends, whenever that comes', async (t) => {
  const answer = await answerOf(
    t,
    () => {
      const { Worker } = require('node:worker_threads') as typeof import('node:worker_threads');
      const program = `
        const { cpuLimit, spawn, yieldNow } = require('greenfiber');
        spawn(() => {
          for (;;) try { cpuLimit(2, () => { for (;;) Math.random(); }); } catch {}
        });
        require('node:worker_threads').parentPort.postMessage('runs');`;
      const end = (delay: number): Promise<number> =>
        new Promise((resolve, reject) => {
          const worker = new Worker(program, { eval: true });
          worker.on('error', reject);
          worker.on('message', () => setTimeout(() => void worker.terminate(), delay));
          worker.on('exit', resolve);
        });
      void (async () => {
        const codes = new Set<number>();
        for (let i = 0; i < 20; i++) codes.add(await end(i / 2));
        console.log(JSON.stringify([...codes]));
      })();
    },
    { timeout: 120_000 },
  );
  t.deepEqual(answer, [1]);
});

for (const where of ['inside a limit', 'while one is open'])
  test(`a process exits ${where}`, async (t) => {
    const program = `
      const { cpuLimit, sleep, spawn } = require('greenfiber');
      spawn(() => cpuLimit(1000, () => ${where === 'inside a limit' ? 'process.exit(3)' : 'sleep(1e6)'}));
      setTimeout(() => process.exit(3), 50);`;
    const { code, signal, stderr } = await runChild(program);
    t.deepEqual({ code, signal, stderr }, { code: 3, signal: null, stderr: '' });
  });

test('a pause in the debugger does not count', async (t) => {
  const answer = await answerOf(t, ({ cpuLimit, spawn }) => {
    const { Session } = require('node:inspector') as typeof import('node:inspector');
    const session = new Session();
    session.connect();
    session.post('Debugger.enable');
    let paused = 0;
    session.on('Debugger.paused', () => {
      paused++;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
    });
    spawn(() => {
      const value = cpuLimit(100, () => {
        // eslint-disable-next-line no-debugger -- this is the pause
        debugger;
        return 'goes on';
      });
      let code = '';
      try {
        cpuLimit(20, () => {
          for (;;);
        });
      } catch (error) {
        code = (error as NodeJS.ErrnoException).code ?? '';
      }
      console.log(JSON.stringify([value, paused, code]));
    });
  });
  t.deepEqual(answer, ['goes on', 1, 'ERR_TASK_CPU_LIMIT']);
});
