import test from 'ava';
import { RwLock, sleep, spawn, yieldNow, type Task } from 'greenfiber';
import { simulate } from 'greenfiber/testing';

import { refused } from '../helpers/codes';

function untilAsleep(task: Task): void {
  while (task.status !== 'parked') yieldNow();
}

test('readers share the lock and a writer is alone, under all schedules, with cancellation', async (t) => {
  let together = 0;
  await simulate(
    () => {
      const lock = new RwLock();
      let readers = 0;
      let writers = 0;
      const tasks = [0, 1, 2, 3, 4, 5].map((i) =>
        spawn(() => {
          for (let round = 0; round < 2; round++) {
            if (i % 3 === 0) {
              lock.write(() => {
                writers++;
                t.deepEqual([writers, readers, lock.writing], [1, 0, true]);
                try {
                  yieldNow();
                } finally {
                  writers--;
                }
              });
            } else {
              lock.read(() => {
                readers++;
                t.is(writers, 0);
                together = Math.max(together, lock.readers);
                try {
                  yieldNow();
                } finally {
                  readers--;
                }
              });
            }
          }
        }),
      );
      tasks.forEach((task) => void task.then(undefined, () => undefined));
      yieldNow();
      tasks[0]?.cancel();
      yieldNow();
      tasks[4]?.cancel();
      while (tasks.some((task) => !task.done)) yieldNow();
      t.deepEqual([lock.readers, lock.writing, lock.broken], [0, false, false]);
      t.is(tasks[1]?.status, 'finished');
    },
    { schedules: 2000 },
  );
  t.true(together >= 2);
});

test('a reader that comes after a waiting writer waits behind it', async (t) => {
  await spawn(() => {
    const lock = new RwLock();
    const order: string[] = [];
    lock.lockRead();
    const writer = spawn(() => lock.write(() => order.push('writer')));
    yieldNow();
    const readers = [1, 2].map((i) => spawn(() => lock.read(() => order.push(`reader ${i}`))));
    yieldNow();
    t.deepEqual(order, []);
    t.false(spawn(() => lock.tryLockRead()).join());
    lock.unlock();
    [writer, ...readers].forEach((task) => task.join());
    t.deepEqual(order, ['writer', 'reader 1', 'reader 2']);
  });
});

test('when a waiting writer is cancelled, the readers behind it get in at once', async (t) => {
  await simulate(
    () => {
      const lock = new RwLock();
      lock.lockRead();
      const writer = spawn(() => lock.lockWrite());
      untilAsleep(writer);
      const reader = spawn(() => lock.read(() => lock.readers));
      untilAsleep(reader);
      writer.cancel();
      t.is(lock.readers, 2);
      t.is(reader.join(), 2);
      t.throws(() => writer.join(), { name: 'AbortError' });
      lock.unlock();
    },
    { schedules: 20 },
  );
});

test('neither way is re-entrant, and a reader cannot become a writer', async (t) => {
  await spawn(() => {
    const lock = new RwLock();
    for (const hold of [() => lock.lockRead(), () => lock.lockWrite()]) {
      using held = hold();
      t.truthy(held);
      for (const again of [
        () => lock.lockRead(),
        () => lock.lockWrite(),
        () => lock.tryLockRead(),
        () => lock.tryLockWrite(),
      ]) {
        refused(t, 'ERR_LOCK_REENTRANT', again);
      }
    }
    t.deepEqual([lock.readers, lock.writing], [0, false]);
  });
});

test('only who holds it unlocks it', async (t) => {
  const lock = new RwLock();
  refused(t, 'ERR_LOCK_NOT_OWNER', () => lock.unlock());
  refused(t, 'ERR_FIBER_NOT_IN_FIBER', () => lock.lockRead());
  refused(t, 'ERR_FIBER_NOT_IN_FIBER', () => lock.tryLockWrite());
  refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => lock.read(1 as never));
  await spawn(() => {
    t.true(lock.tryLockRead());
    spawn(() => {
      refused(t, 'ERR_LOCK_NOT_OWNER', () => lock.unlock());
      t.false(lock.tryLockWrite());
      t.true(lock.tryLockRead());
      t.is(lock.readers, 2);
      lock.unlock();
    }).join();
    lock.unlock();
    t.true(lock.tryLockWrite());
    t.false(spawn(() => lock.tryLockRead()).join());
    lock.unlock();
  });
});

for (const mode of ['reading', 'writing'] as const) {
  test(`a task that ends while ${mode} breaks the lock`, async (t) => {
    await simulate(
      () => {
        const lock = new RwLock();
        const owner = spawn(() => {
          if (mode === 'reading') lock.lockRead();
          else lock.lockWrite();
          sleep(1);
        });
        untilAsleep(owner);
        const waiter = spawn(() => refused(t, 'ERR_LOCK_BROKEN', () => lock.lockWrite()));
        waiter.join();
        owner.join();
        t.true(lock.broken);
        refused(t, 'ERR_LOCK_BROKEN', () => lock.lockRead());
      },
      { schedules: 50 },
    );
  });
}
