import test from 'ava';
import {
  currentTask,
  group,
  Mutex,
  Once,
  shield,
  sleep,
  spawn,
  yieldNow,
  type Task,
} from 'greenfiber';
import { simulate, SimulationError } from 'greenfiber/testing';

import { refused } from '../helpers/codes';

/** Waits until the task sleeps. */
function untilAsleep(task: Task): void {
  while (task.status !== 'parked') yieldNow();
}

test('one task at a time holds a mutex, under all schedules, also when some are cancelled', async (t) => {
  await simulate(
    () => {
      const mutex = new Mutex();
      let inside = 0;
      const tasks = [0, 1, 2, 3].map((i) =>
        spawn(() => {
          for (let round = 0; round < 3; round++) {
            mutex.lock();
            try {
              t.is(++inside, 1);
              yieldNow();
              if (i === 2) sleep(1);
            } finally {
              inside--;
              mutex.unlock();
            }
          }
        }),
      );
      tasks.forEach((task) => void task.then(undefined, () => undefined));
      yieldNow();
      tasks[1]?.cancel();
      yieldNow();
      tasks[2]?.cancel();
      while (tasks.some((task) => !task.done)) sleep(1);
      t.deepEqual([inside, mutex.locked, mutex.broken], [0, false, false]);
      t.is(tasks[0]?.status, 'finished');
    },
    { schedules: 2000 },
  );
});

test('a mutex is handed over in the order in which tasks asked', async (t) => {
  await spawn(() => {
    const mutex = new Mutex();
    const order: number[] = [];
    mutex.lock();
    const tasks = [1, 2, 3].map((i) =>
      spawn(() => {
        mutex.run(() => order.push(i));
        mutex.run(() => order.push(10 + i));
      }),
    );
    yieldNow();
    mutex.unlock();
    t.true(mutex.locked, 'it belongs to the first who waits already');
    t.false(mutex.tryLock(), 'nobody gets in between');
    tasks.forEach((task) => task.join());
    t.deepEqual(order, [1, 2, 3, 11, 12, 13]);
  });
});

test('a mutex is not re-entrant, and stays held', async (t) => {
  await spawn(() => {
    const mutex = new Mutex();
    mutex.lock();
    refused(t, 'ERR_LOCK_REENTRANT', () => mutex.lock());
    refused(t, 'ERR_LOCK_REENTRANT', () => mutex.tryLock());
    refused(t, 'ERR_LOCK_REENTRANT', () => mutex.run(() => undefined));
    t.true(mutex.locked);
    mutex.unlock();
    t.false(mutex.locked);
  });
});

test('only its owner unlocks a mutex', async (t) => {
  const mutex = new Mutex();
  refused(t, 'ERR_LOCK_NOT_OWNER', () => mutex.unlock());
  refused(t, 'ERR_FIBER_NOT_IN_FIBER', () => mutex.lock());
  refused(t, 'ERR_FIBER_NOT_IN_FIBER', () => mutex.tryLock());
  await spawn(() => {
    refused(t, 'ERR_LOCK_NOT_OWNER', () => mutex.unlock());
    mutex.lock();
    spawn(() => refused(t, 'ERR_LOCK_NOT_OWNER', () => mutex.unlock())).join();
    t.true(mutex.locked);
    mutex.unlock();
  });
  refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => mutex.run(1 as never));
});

test('run and using release a mutex, whatever happens inside', async (t) => {
  await spawn(() => {
    const mutex = new Mutex();
    t.is(
      mutex.run(() => 5),
      5,
    );
    t.throws(() =>
      mutex.run(() => {
        throw new Error('inside');
      }),
    );
    t.false(mutex.locked);
    {
      using held = mutex.lock();
      t.truthy(held);
      t.true(mutex.locked);
    }
    t.false(mutex.locked);
  });
});

test('a task that ends holding a mutex breaks it, for those who wait and for all later', async (t) => {
  await simulate(
    () => {
      const mutex = new Mutex();
      const owner = spawn(() => {
        mutex.lock();
        sleep(1);
      });
      while (!mutex.locked) yieldNow();
      const waiters = [1, 2].map(() =>
        spawn(() => refused(t, 'ERR_LOCK_BROKEN', () => mutex.lock())),
      );
      waiters.forEach((task) => task.join());
      owner.join();
      t.true(mutex.broken);
      t.false(mutex.locked);
      refused(t, 'ERR_LOCK_BROKEN', () => mutex.lock());
      refused(t, 'ERR_LOCK_BROKEN', () => mutex.tryLock());
    },
    { schedules: 100 },
  );
});

test('a task may hold several locks and release them in any order', async (t) => {
  await spawn(() => {
    const locks = [new Mutex(), new Mutex(), new Mutex()];
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 0, 2],
      [1, 2, 0],
    ]) {
      locks.forEach((lock) => lock.lock());
      order.forEach((i) => locks[i]?.unlock());
      t.true(locks.every((lock) => !lock.locked));
    }
    const ended = spawn(() => {
      locks.forEach((lock) => lock.lock());
      locks[1]?.unlock();
    });
    ended.join();
    t.deepEqual(
      locks.map((lock) => lock.broken),
      [true, false, true],
    );
  });
});

test('a cancelled waiter leaves the line, and one that was handed the mutex holds it', async (t) => {
  await simulate(
    () => {
      const mutex = new Mutex();
      mutex.lock();
      const gone = spawn(() => mutex.lock());
      untilAsleep(gone);
      let held = false;
      const next = spawn(() => {
        mutex.lock();
        held = mutex.locked;
        mutex.unlock();
      });
      untilAsleep(next);
      gone.cancel();
      mutex.unlock();
      next.cancel(); // it holds the mutex by now
      next.join();
      t.true(held);
      t.throws(() => gone.join(), { name: 'AbortError' });
      t.false(mutex.locked);
    },
    { schedules: 50 },
  );
});

test('in a cancelled scope a free mutex is not taken, except in a shield', async (t) => {
  const mutex = new Mutex();
  await spawn(() => {
    spawn(() => {
      currentTask()?.cancel();
      t.throws(() => mutex.lock(), { name: 'AbortError' });
      t.false(mutex.locked);
      shield(() => mutex.run(() => t.true(mutex.locked)));
    }).join();
  });
});

test('a deadlock of two locks says who holds what', async (t) => {
  const error = await t.throwsAsync(
    simulate(
      () => {
        const [forks, plates] = [new Mutex(), new Mutex()];
        forks.name = 'forks';
        plates.name = 'plates';
        group((g) => {
          for (const [name, first, second] of [
            ['ann', forks, plates],
            ['bob', plates, forks],
          ] as const) {
            g.spawn(() => {
              first.run(() => {
                yieldNow();
                second.run(() => undefined);
              });
            }).name = name;
          }
        });
      },
      { seed: 1, schedules: 200 },
    ),
    { instanceOf: SimulationError },
  );
  t.regex(
    error.message,
    /"ann" \[parked.*\]: waits in Mutex\.run on Mutex "plates", held by task \d+ "bob"/,
  );
  t.regex(
    error.message,
    /"bob" \[parked.*\]: waits in Mutex\.run on Mutex "forks", held by task \d+ "ann"/,
  );
});

test('once is done by one task while the others wait for its value', async (t) => {
  await simulate(
    () => {
      const once = new Once<number>();
      let runs = 0;
      const values = [1, 2, 3].map(() =>
        spawn(() =>
          once.run(() => {
            sleep(5);
            return ++runs;
          }),
        ),
      );
      t.deepEqual(
        values.map((task) => task.join()),
        [1, 1, 1],
      );
      t.true(once.done);
      t.is(
        once.run(() => 9),
        1,
      );
    },
    { schedules: 200 },
  );
});

test('when the first is cancelled or fails, the next one does it', async (t) => {
  await simulate(
    () => {
      const once = new Once<string>();
      const first = spawn(() => once.run(() => (sleep(100), 'first')));
      untilAsleep(first);
      const second = spawn(() =>
        once.run(() => {
          throw new Error('second');
        }),
      );
      untilAsleep(second);
      void second.then(undefined, () => undefined);
      const third = spawn(() => once.run(() => 'third'));
      first.cancel();
      t.is(third.join(), 'third');
      t.throws(() => first.join(), { name: 'AbortError' });
      t.throws(() => second.join(), { message: 'second' });
    },
    { schedules: 50 },
  );
});

test('once cannot be run inside itself', async (t) => {
  const once = new Once<number>();
  refused(t, 'ERR_FIBER_NOT_IN_FIBER', () => once.run(() => 1));
  await spawn(() => {
    refused(t, 'ERR_LOCK_REENTRANT', () => once.run(() => once.run(() => 1)));
    refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => once.run(1 as never));
    t.false(once.done);
    t.is(
      once.run(() => 2),
      2,
    );
  });
});
