import test from 'ava';
import { Semaphore, spawn, yieldNow, type Task } from 'greenfiber';
import { simulate } from 'greenfiber/testing';

import { refused } from '../helpers/codes';

test('no more tasks have a permit than there are, under all schedules, with cancellation', async (t) => {
  await simulate(
    () => {
      const semaphore = new Semaphore(2, 2);
      let inside = 0;
      const tasks = [0, 1, 2, 3, 4].map(() =>
        spawn(() => {
          for (let round = 0; round < 2; round++) {
            semaphore.run(() => {
              t.true(++inside <= 2);
              try {
                yieldNow();
              } finally {
                inside--;
              }
            });
          }
        }),
      );
      tasks.forEach((task) => void task.then(undefined, () => undefined));
      yieldNow();
      tasks[1]?.cancel();
      yieldNow();
      tasks[3]?.cancel();
      while (tasks.some((task) => !task.done)) yieldNow();
      t.is(semaphore.available, 2);
      t.is(tasks[0]?.status, 'finished');
    },
    { schedules: 1000 },
  );
});

test('permits go to those who wait, in their order, and nobody gets in between', async (t) => {
  await spawn(() => {
    const semaphore = new Semaphore(0);
    const order: number[] = [];
    const tasks = [1, 2, 3].map((i) =>
      spawn(() => {
        semaphore.acquire();
        order.push(i);
      }),
    );
    yieldNow();
    tasks[1]?.cancel();
    semaphore.release();
    t.false(semaphore.tryAcquire());
    semaphore.release();
    tasks[0]?.join();
    tasks[2]?.join();
    t.throws(() => tasks[1]?.join(), { name: 'AbortError' });
    t.deepEqual(order, [1, 3]);
    t.is(semaphore.available, 0);
  });
});

test('the event loop may release and try', async (t) => {
  const semaphore = new Semaphore(0);
  const task = spawn(() => semaphore.acquire()) as Task;
  await spawn(yieldNow);
  semaphore.release();
  await task;
  t.false(semaphore.tryAcquire());
  semaphore.release();
  t.true(semaphore.tryAcquire());
  refused(t, 'ERR_FIBER_NOT_IN_FIBER', () => semaphore.acquire());
});

test('a guard releases the permit, and a release too many is noticed where there is a limit', async (t) => {
  await spawn(() => {
    const semaphore = new Semaphore(1, 1);
    {
      using permit = semaphore.acquire();
      t.truthy(permit);
      t.is(semaphore.available, 0);
    }
    t.is(semaphore.available, 1);
    refused(t, 'ERR_LOCK_NOT_OWNER', () => semaphore.release());
    t.is(semaphore.available, 1);
    const unlimited = new Semaphore(0);
    unlimited.release();
    t.is(unlimited.available, 1);
  });
});

test('what is wrong with an argument is said', (t) => {
  refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => new Semaphore('1' as never));
  for (const permits of [-1, 0.5, NaN, Infinity]) {
    refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () => new Semaphore(permits));
  }
  refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () => new Semaphore(3, 2));
  refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => new Semaphore(1).run(1 as never));
});
