// What is published on channels of node:diagnostics_channel.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import test from 'ava';
import { cpuLimit, engine, group, Scheduler, sleep, spawn, type Task } from 'greenfiber';
import { diagnosticsChannels, type TaskEnded, type TaskSpawned } from 'greenfiber/inspect';

import { answerOf } from '../helpers/answer';
import { runChild } from '../helpers/child';

const onDirect = engine === 'direct' ? test.serial : test.serial.skip;

type What = keyof typeof diagnosticsChannels;

/** What is published while `body` runs, of all channels, in order. */
async function published<T = unknown>(body: () => unknown): Promise<[What, T][]> {
  const seen: [What, T][] = [];
  const listeners = Object.entries(diagnosticsChannels).map(([what, name]) => {
    const listener = (message: unknown): void => {
      seen.push([what as What, message as T]);
    };
    subscribe(name, listener);
    return () => unsubscribe(name, listener);
  });
  try {
    await body();
  } finally {
    for (const end of listeners) end();
  }
  return seen;
}

test.serial('the beginning and the end of a task, and who made it', async (t) => {
  let inner: Task | undefined;
  let outer: Task | undefined;
  const seen = await published<TaskSpawned>(async () => {
    outer = spawn(() => {
      inner = spawn(() => 42);
      inner.join();
    });
    await outer;
  });
  t.deepEqual(
    seen.map(([what, { task, by }]) => [what, task, by]),
    [
      ['spawn', outer, undefined],
      ['spawn', inner, outer],
      ['end', inner, undefined],
      ['end', outer, undefined],
    ],
  );
});

test.serial('a failure with its error, and a cancellation with its reason', async (t) => {
  const error = new TypeError('mine');
  const reason = new Error('enough');
  const seen = await published<TaskEnded>(async () => {
    const failing = spawn(() => {
      throw error;
    });
    await t.throwsAsync(async () => failing);
    const asleep = spawn(() => {
      sleep(1e6);
    });
    asleep.cancel(reason);
    await t.throwsAsync(async () => asleep);
  });
  const ends = seen.filter(([what]) => what !== 'spawn');
  t.deepEqual(
    ends.map(([what, { task, error }]) => [what, task.status, error]),
    [
      ['end', 'failed', error],
      ['cancelled', 'cancelled', reason],
      ['end', 'cancelled', reason],
    ],
  );
});

test.serial('members of a group are told of like other tasks', async (t) => {
  const seen = await published<TaskEnded>(() =>
    spawn(() => {
      group((g) => {
        g.spawn(() => sleep(1));
        g.spawn(() => sleep(1));
      });
    }),
  );
  t.is(seen.filter(([what]) => what === 'spawn').length, 3);
  t.is(seen.filter(([what]) => what === 'end').length, 3);
});

onDirect('what a limit of processor time ends', async (t) => {
  let caught: unknown;
  const seen = await published<TaskEnded>(() =>
    spawn(() => {
      try {
        cpuLimit(20, () => {
          for (;;);
        });
      } catch (error) {
        caught = error;
      }
    }),
  );
  const killed = seen.filter(([what]) => what === 'killed');
  t.is(killed.length, 1);
  t.is(killed[0]![1].error, caught);
  t.is(killed[0]![1].task.status, 'finished');
});

test.serial('a slow task, where somebody watches', async (t) => {
  const told: unknown[] = [];
  const seen = await published<{ task: Task; stack: string }>(async () => {
    const scheduler = new Scheduler({ slowTask: 20, onSlowTask: (slow) => told.push(slow) });
    await scheduler.spawn(() => {
      for (let ms = 100; told.length === 0; ms *= 2) {
        const end = performance.now() + ms;
        while (performance.now() < end);
        sleep(1);
      }
    });
  });
  const slow = seen.filter(([what]) => what === 'slow');
  t.true(slow.length > 0);
  t.is(slow[0]![1], told[0] as never);
});

test.serial('a deadlock, with those that sleep', async (t) => {
  const child = await runChild(`
    const { spawn, Event } = require('greenfiber');
    require('node:diagnostics_channel').subscribe('greenfiber:deadlock', ({ tasks }) => {
      console.log(tasks.map(({ name }) => name).join());
    });
    const event = new Event();
    spawn(() => event.wait(), { name: 'left' });
    spawn(() => event.wait(), { name: 'right' });
  `);
  t.like(child, { code: 13, stdout: 'left,right\n' });
});

test.serial('a subscriber that blocks or throws harms nobody but itself', async (t) => {
  const answer = await answerOf(t, ({ sleep, spawn }) => {
    const { subscribe } =
      require('node:diagnostics_channel') as typeof import('node:diagnostics_channel');
    const uncaught: unknown[] = [];
    process.on('uncaughtException', (error: NodeJS.ErrnoException) => {
      uncaught.push(error.code ?? error.message);
    });
    subscribe('greenfiber:task:spawn', () => sleep(1));
    subscribe('greenfiber:task:end', () => {
      throw new Error('of the subscriber');
    });
    spawn(() => {
      const inner = spawn(() => 42);
      sleep(1);
      return inner.join();
    }).then(
      (value) => {
        setImmediate(() => {
          console.log(JSON.stringify([value, uncaught.sort()]));
        });
      },
      () => undefined,
    );
  });
  t.deepEqual(answer, [
    42,
    ['ERR_FIBER_NOT_IN_FIBER', 'ERR_FIBER_NOT_IN_FIBER', 'of the subscriber', 'of the subscriber'],
  ]);
});
