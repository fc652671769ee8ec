// A program can write to everything that is a property. It can break its own tasks so, and nothing else.
import test from 'ava';

import { runChild } from '../helpers/child';

test('a task has no handle to write to', async (t) => {
  const { code, signal, stdout, stderr } = await runChild(({ currentTask, spawn, yieldNow }) => {
    const body = (): void => {
      for (const handle of [7, 1 << 20, -1, 0.5, undefined]) {
        Object.assign(currentTask()!, { handle });
        yieldNow();
      }
      console.log('still here');
    };
    spawn(body);
    spawn(body);
  });
  t.is(signal, null, stderr);
  t.is(code, 0, stderr);
  t.is(stdout, 'still here\nstill here\n');
});

test('whatever is written into a task, the process is told by errors', async (t) => {
  const { signal, stdout, stderr } = await runChild(({ currentTask, sleep, spawn, yieldNow }) => {
    process.on('uncaughtException', () => undefined);
    const calm = (action: () => void): void => {
      try {
        action();
      } catch {
        // The task's own fault.
      }
    };
    const names = new Set<string>();
    spawn(() => {
      for (const name of Object.keys(currentTask()!)) names.add(name);
    });
    setTimeout(() => {
      for (const name of names) {
        for (const value of [7, -1, {}, undefined, () => 7]) {
          spawn(() => {
            calm(() => {
              Reflect.set(currentTask()!, name, value);
            });
            calm(yieldNow);
            calm(() => sleep(1));
          });
        }
      }
    }, 5);
    setTimeout(() => {
      console.log('at the end');
      process.exit(0);
    }, 1000);
  });
  t.is(signal, null, stderr);
  t.is(stdout, 'at the end\n');
});

test('a scheduler refuses to leave or continue what is no sleeping task', async (t) => {
  const { signal, stdout, stderr } = await runChild(({ currentTask, spawn }) => {
    process.on('uncaughtException', () => undefined);
    type Internals = Record<'suspend' | 'yieldFrom' | 'makeReady', (task: unknown) => void>;
    const results: string[] = [];
    const attempt = (method: keyof Internals, target: unknown): void => {
      try {
        (Reflect.get(currentTask()!, 'scheduler') as Internals)[method](target);
        results.push('none');
      } catch (error) {
        results.push((error as Error).name);
      }
    };
    spawn(() => {
      const created = spawn(() => undefined);
      attempt('suspend', created);
      attempt('suspend', { handle: 7 });
      attempt('suspend', Object.create(currentTask()!));
    });
    setTimeout(() => {
      console.log(results.join());
      process.exit(0);
    }, 200);
  });
  t.is(signal, null, stderr);
  t.regex(stdout, /Error/);
});
