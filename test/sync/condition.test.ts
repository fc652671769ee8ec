import test from 'ava';
import { Condition, Mutex, sleep, spawn, timeout, yieldNow, type Task } from 'greenfiber';
import { simulate } from 'greenfiber/testing';

import { refused } from '../helpers/codes';

test('a bounded buffer of conditions neither loses nor doubles, under all schedules', async (t) => {
  await simulate(
    () => {
      const mutex = new Mutex();
      const notFull = new Condition(mutex);
      const notEmpty = new Condition(mutex);
      const items: number[] = [];
      const taken: number[] = [];
      const producers = [0, 1].map((p) =>
        spawn(() => {
          for (let i = 0; i < 3; i++) {
            mutex.run(() => {
              notFull.waitUntil(() => items.length < 2);
              items.push(10 * p + i);
              notEmpty.notify();
            });
          }
        }),
      );
      const consumers = [0, 1, 2].map(() =>
        spawn(() => {
          for (let i = 0; i < 2; i++) {
            mutex.run(() => {
              notEmpty.waitUntil(() => items.length > 0);
              taken.push(items.shift() ?? -1);
              notFull.notify();
            });
          }
        }),
      );
      [...producers, ...consumers].forEach((task) => task.join());
      t.deepEqual(
        taken.sort((a, b) => a - b),
        [0, 1, 2, 10, 11, 12],
      );
      t.false(mutex.locked);
    },
    { schedules: 1000 },
  );
});

test('a cancelled wait holds the lock again before it throws', async (t) => {
  await simulate(
    () => {
      const condition = new Condition();
      const { mutex } = condition;
      let inside = 0;
      const waiter = spawn(() => {
        mutex.lock();
        inside++;
        try {
          inside--;
          condition.wait();
          inside++;
        } catch (error) {
          t.is(++inside, 1, 'alone, also when it is cancelled');
          t.is((error as Error).name, 'AbortError');
          condition.notify(); // only its owner can
          throw error;
        } finally {
          inside--;
          mutex.unlock();
        }
      });
      while (waiter.status !== 'parked') yieldNow();
      mutex.run(() => {
        inside++;
        waiter.cancel();
        for (let i = 0; i < 3; i++) yieldNow();
        t.false(waiter.done);
        inside--;
      });
      t.throws(() => waiter.join(), { name: 'AbortError' });
      t.deepEqual([mutex.locked, mutex.broken], [false, false]);
    },
    { schedules: 200 },
  );
});

test('a wait ends with the time it is given, and the notification goes to the next', async (t) => {
  await simulate(
    () => {
      const condition = new Condition();
      const { mutex } = condition;
      const impatient = spawn(() =>
        mutex.run(() => refused(t, 'ERR_TIMEOUT', () => timeout(5, () => condition.wait()))),
      );
      const patient = spawn(() => mutex.run(() => condition.wait()));
      sleep(10);
      mutex.run(() => condition.notify());
      impatient.join();
      patient.join();
    },
    { schedules: 100 },
  );
});

test('notify wakes those who have waited longest, and notifyAll everyone', async (t) => {
  await spawn(() => {
    const condition = new Condition();
    const { mutex } = condition;
    const woken: number[] = [];
    const tasks = [0, 1, 2, 3, 4].map((i) =>
      spawn(() =>
        mutex.run(() => {
          condition.wait();
          woken.push(i);
        }),
      ),
    );
    yieldNow();
    mutex.run(() => condition.notify());
    tasks[0]?.join();
    t.deepEqual(woken, [0]);
    mutex.run(() => condition.notify(2));
    tasks[2]?.join();
    t.deepEqual(woken, [0, 1, 2]);
    mutex.run(() => condition.notifyAll());
    tasks.forEach((task) => task.join());
    t.deepEqual(woken, [0, 1, 2, 3, 4]);
    mutex.run(() => condition.notify());
  });
});

test('without the lock nobody waits or notifies', async (t) => {
  const condition = new Condition();
  refused(t, 'ERR_FIBER_NOT_IN_FIBER', () => condition.wait());
  refused(t, 'ERR_LOCK_NOT_OWNER', () => condition.notify());
  refused(t, 'ERR_LOCK_NOT_OWNER', () => condition.notifyAll());
  refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () => condition.notify(0));
  refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => new Condition({} as never));
  await spawn(() => {
    refused(t, 'ERR_LOCK_NOT_OWNER', () => condition.wait());
    condition.mutex.lock();
    spawn(() => refused(t, 'ERR_LOCK_NOT_OWNER', () => condition.notify())).join();
    refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => condition.waitUntil(1 as never));
    condition.mutex.unlock();
  });
});

test('those who wait for a change learn that the lock is broken', async (t) => {
  await simulate(
    () => {
      const condition = new Condition();
      const { mutex } = condition;
      const waiter = spawn(() => {
        mutex.lock();
        refused(t, 'ERR_LOCK_BROKEN', () => condition.wait());
        refused(t, 'ERR_LOCK_NOT_OWNER', () => mutex.unlock());
      });
      while (waiter.status !== 'parked') yieldNow();
      (spawn(() => mutex.lock()) as Task).join();
      waiter.join();
      t.true(mutex.broken);
    },
    { schedules: 50 },
  );
});
