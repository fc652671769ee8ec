import test from 'ava';
import {
  abortable,
  currentTask,
  deadline,
  Fiber,
  group,
  now,
  Scheduler,
  shield,
  sleep,
  spawn,
  timeout,
  TimeoutError,
  wait,
  yieldNow,
} from 'greenfiber';

import { caught } from '../helpers/in-task';
import { randomBelow } from '../helpers/random';

// --- Cancellation ---

test('a task that sleeps is cancelled where it sleeps, and its finally blocks run', async (t) => {
  const steps: string[] = [];
  const task = spawn(() => {
    try {
      new Fiber(() => {
        try {
          sleep(1e6);
        } finally {
          steps.push('inner');
        }
      }).resume();
    } finally {
      steps.push('outer');
    }
  });
  await spawn(() => sleep(1));
  task.cancel();
  await t.throwsAsync(task.then(), { name: 'AbortError', code: 'ABORT_ERR' });
  t.is(task.status, 'cancelled');
  t.deepEqual(steps, ['inner', 'outer']);
});

test('cancellation is a level: every blocking call raises the reason, also when its result is ready', async (t) => {
  const reason = new Error('enough');
  const seen: unknown[] = [];
  const ready = spawn(() => 1);
  const task = spawn(() => {
    currentTask()?.cancel(reason);
    for (const call of [() => sleep(0), yieldNow, () => wait(1), () => ready.join()]) {
      seen.push(caught(call));
    }
    return 'in spite of it';
  });
  t.is(await task, 'in spite of it');
  t.deepEqual(seen, [reason, reason, reason, reason]);
});

test('a task that is ready, or has not begun, is cancelled at its next blocking call', async (t) => {
  let began = false;
  const task = spawn(() => {
    began = true;
    sleep(1);
  });
  task.cancel();
  await t.throwsAsync(task.then(), { name: 'AbortError' });
  t.true(began);
});

test('a value that was handed over before the cancellation is not lost', async (t) => {
  let resolve: (value: number) => void = () => undefined;
  const task = spawn(() => wait(new Promise<number>((done) => (resolve = done))));
  await spawn(() => sleep(1));
  await spawn(() => {
    resolve(5);
    wait(Promise.resolve().then(() => undefined)); // the promise tells the waiter first
    task.cancel();
  });
  t.is(await task, 5);
});

test('cancelling a task that has ended, or twice, changes nothing', async (t) => {
  const task = spawn(() => 1);
  t.is(await task, 1);
  task.cancel();
  t.is(task.status, 'finished');
  const first = new Error('first');
  const twice = spawn(() => sleep(1e6));
  await spawn(() => sleep(1));
  twice.cancel(first);
  twice.cancel(new Error('second'));
  t.is(await t.throwsAsync(twice.then()), first);
});

test('a cancellation that was asked for is no unhandled rejection', async (t) => {
  const task = spawn(() => sleep(1e6));
  await spawn(() => sleep(1));
  task.cancel();
  await spawn(() => {
    while (!task.done) sleep(1);
  });
  await new Promise((resolve) => setImmediate(resolve));
  t.is(task.status, 'cancelled');
});

test("a task's signal is aborted with its reason", async (t) => {
  const reason = new Error('stop');
  const task = spawn(() => sleep(1e6));
  const { signal } = task;
  await spawn(() => sleep(1));
  t.false(signal.aborted);
  task.cancel(reason);
  t.true(signal.aborted);
  t.is(signal.reason, reason);
  await t.throwsAsync(task.then());
});

test('shield keeps cancellation out, until it ends', async (t) => {
  const steps: string[] = [];
  const task = spawn(() => {
    try {
      sleep(1e6);
    } finally {
      t.is((caught(() => sleep(1)) as Error).name, 'AbortError');
      shield(() => {
        sleep(2);
        steps.push('cleaned up');
      });
      t.is((caught(() => sleep(1)) as Error).name, 'AbortError');
    }
  });
  await spawn(() => sleep(1));
  task.cancel();
  await t.throwsAsync(task.then(), { name: 'AbortError' });
  t.deepEqual(steps, ['cleaned up']);
});

test('an AbortSignal cancels what runs under it', async (t) => {
  const reason = new Error('aborted');
  const controller = new AbortController();
  const task = spawn(() => {
    const error = caught(() => abortable(controller.signal, () => sleep(1e6)));
    sleep(0); // the scope has ended
    return [error, caught(() => abortable(controller.signal, () => sleep(1)))];
  });
  await spawn(() => sleep(1));
  controller.abort(reason);
  t.deepEqual(await task, [reason, reason]);
  t.throws(() => abortable(1 as never, () => 1), { code: 'ERR_FIBER_INVALID_ARG_TYPE' });
});

// --- Time limits ---

test('timeout raises a TimeoutError in what takes too long, and answers what does not', async (t) => {
  await spawn(() => {
    const error = caught(() => timeout(2, () => sleep(1e6)));
    t.true(error instanceof TimeoutError);
    t.is((error as TimeoutError).code, 'ERR_TIMEOUT');
    t.is(
      timeout(1e6, () => {
        sleep(1);
        return 'in time';
      }),
      'in time',
    );
    sleep(1);
  });
});

test('limits nest, and the nearest wins', async (t) => {
  await spawn(() => {
    const begin = now();
    const inner = caught(() => timeout(1e6, () => timeout(2, () => sleep(1e6))));
    t.true(inner instanceof TimeoutError);
    t.true(now() - begin < 60_000);
    const outer = caught(() =>
      timeout(2, () => {
        try {
          timeout(1e6, () => sleep(1e6));
        } finally {
          t.true(caught(() => sleep(1)) instanceof TimeoutError, 'the outer one still holds');
        }
      }),
    );
    t.true(outer instanceof TimeoutError);
  });
});

test('a limit can be moved, both ways, and asked', async (t) => {
  await spawn(() => {
    const value = timeout(5, (limit) => {
      limit.deadline = now() + 1e6;
      sleep(10);
      t.false(limit.expired);
      t.false(limit.signal.aborted);
      return 'extended';
    });
    t.is(value, 'extended');
    const error = caught(() =>
      timeout(1e6, (limit) => {
        limit.deadline = now();
        t.true(limit.expired);
        sleep(1);
      }),
    );
    t.true(error instanceof TimeoutError);
  });
});

test('deadline takes a moment of now() or a Date', async (t) => {
  await spawn(() => {
    t.true(caught(() => deadline(now() + 2, () => sleep(1e6))) instanceof TimeoutError);
    const soon = new Date(Date.now() + 2);
    t.true(caught(() => deadline(soon, () => sleep(1e6))) instanceof TimeoutError);
    t.is(
      deadline(now() - 1, () => 'blocks nowhere'),
      'blocks nowhere',
    );
    t.like(
      caught(() => deadline(NaN, () => 1)),
      { code: 'ERR_FIBER_INVALID_ARG_VALUE' },
    );
    t.like(
      caught(() => timeout(-1, () => 1)),
      { code: 'ERR_FIBER_INVALID_ARG_VALUE' },
    );
  });
});

test('groups and limits are refused outside of tasks', (t) => {
  for (const call of [
    () => group(() => 1),
    () => timeout(1, () => 1),
    () => deadline(1, () => 1),
    () => shield(() => 1),
    () => abortable(new AbortController().signal, () => 1),
  ]) {
    t.throws(call, { code: 'ERR_FIBER_NOT_IN_FIBER' });
  }
});

// --- All of it at random ---

test('cancelling at random leaves nothing behind', async (t) => {
  const random = randomBelow(12345);
  const branch = (depth: number): void => {
    group((g) => {
      for (let i = random(4); i > 0; i--) {
        const child = g.spawn(() => {
          if (depth > 0) branch(depth - 1);
          for (let steps = random(4); steps > 0; steps--) {
            if (random(2) === 0) yieldNow();
            else new Fiber(() => sleep(0)).resume();
          }
          if (random(9) === 0) throw new Error('at random');
        });
        if (random(5) === 0) child.cancel();
      }
      if (random(7) === 0) g.cancel();
    });
  };
  await spawn(() => {
    for (let round = 0; round < 60; round++) {
      const error = caught(() => timeout(50, () => branch(3)));
      t.true(error === undefined || error instanceof Error);
    }
    t.is(Scheduler.default.stats().alive, 1);
  });
});
