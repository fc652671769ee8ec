// Event, Barrier and WaitGroup.
import test from 'ava';
import { Barrier, Event, sleep, spawn, WaitGroup, yieldNow, type Task } from 'greenfiber';
import { simulate } from 'greenfiber/testing';

import { refused } from '../helpers/codes';

function untilAsleep(task: Task<unknown>): void {
  while (task.status !== 'parked') yieldNow();
}

test('everyone who waits for an event goes on when it is set, and later nobody sleeps', async (t) => {
  await simulate(
    () => {
      const event = new Event();
      const tasks = [1, 2, 3].map(() =>
        spawn(() => {
          event.wait();
          t.true(event.isSet);
        }),
      );
      sleep(1);
      event.set();
      event.set();
      tasks.forEach((task) => task.join());
      event.wait();
    },
    { schedules: 200 },
  );
});

test('an event that is cleared is waited for again, and a cancelled waiter leaves', async (t) => {
  await simulate(
    () => {
      const event = new Event();
      event.set();
      event.clear();
      t.false(event.isSet);
      const gone = spawn(() => event.wait());
      const stays = spawn(() => event.wait());
      untilAsleep(gone);
      gone.cancel();
      event.set();
      t.throws(() => gone.join(), { name: 'AbortError' });
      stays.join();
    },
    { schedules: 50 },
  );
});

test('an event is set by the event loop', async (t) => {
  const event = new Event();
  refused(t, 'ERR_FIBER_NOT_IN_FIBER', () => event.wait());
  const task = spawn(() => event.wait());
  setImmediate(() => event.set());
  await t.notThrowsAsync(task.then());
});

test('tasks meet at a barrier, again and again', async (t) => {
  await simulate(
    () => {
      const barrier = new Barrier(3);
      const arrived = [0, 0, 0];
      const tasks = [0, 1, 2].map((i) =>
        spawn(() => {
          const places: number[] = [];
          for (let round = 1; round <= 3; round++) {
            arrived[i] = round;
            places.push(barrier.wait());
            t.true(arrived.every((reached) => reached >= round));
          }
          return places;
        }),
      );
      const places = tasks.map((task) => task.join());
      for (const round of [0, 1, 2]) {
        t.deepEqual(places.map((of) => of[round]).sort(), [0, 1, 2]);
      }
      t.is(barrier.waiting, 0);
    },
    { schedules: 500 },
  );
});

test('a task that is cancelled at a barrier breaks it for the others, until it is reset', async (t) => {
  await simulate(
    () => {
      const barrier = new Barrier(3);
      const tasks = [1, 2].map(() => spawn(() => barrier.wait()));
      tasks.forEach((task) => void task.then(undefined, () => undefined));
      tasks.forEach(untilAsleep);
      tasks[0]?.cancel();
      t.true(barrier.broken);
      refused(t, 'ERR_BARRIER_BROKEN', () => barrier.wait());
      t.throws(() => tasks[0]?.join(), { name: 'AbortError' });
      t.throws(() => tasks[1]?.join(), { code: 'ERR_BARRIER_BROKEN' });
      barrier.reset();
      const again = [1, 2].map(() => spawn(() => barrier.wait()));
      barrier.wait();
      again.forEach((task) => task.join());
      t.false(barrier.broken);
    },
    { schedules: 100 },
  );
});

test('a reset sends those who wait away', async (t) => {
  await spawn(() => {
    const barrier = new Barrier(2);
    const task = spawn(() => barrier.wait());
    yieldNow();
    barrier.reset();
    t.throws(() => task.join(), { code: 'ERR_BARRIER_BROKEN' });
    t.deepEqual([barrier.broken, barrier.waiting], [false, 0]);
  });
});

test('a barrier of one never sleeps, and what is wrong with its size is said', async (t) => {
  t.is(await spawn(() => new Barrier(1).wait()), 0);
  for (const parties of [0, -1, 1.5]) {
    refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () => new Barrier(parties));
  }
  refused(t, 'ERR_FIBER_NOT_IN_FIBER', () => new Barrier(2).wait());
});

test('a wait group waits until all is done', async (t) => {
  await simulate(
    () => {
      const work = new WaitGroup();
      let done = 0;
      for (let i = 0; i < 4; i++) {
        work.add();
        spawn(() => {
          sleep(i);
          done++;
          work.done();
        });
      }
      const other = spawn(() => work.wait());
      work.wait();
      t.is(done, 4);
      other.join();
      t.is(work.count, 0);
      work.wait();
    },
    { schedules: 200 },
  );
});

test('a wait group is used again, and from the event loop', async (t) => {
  const work = new WaitGroup();
  work.add(2);
  const task = spawn(() => work.wait());
  setImmediate(() => {
    work.done();
    work.done();
  });
  await task;
  work.add(0);
  t.is(work.count, 0);
});

test('misuse of a wait group is said and changes nothing', (t) => {
  const work = new WaitGroup();
  refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () => work.done());
  refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () => work.add(-1));
  refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => work.add('1' as never));
  refused(t, 'ERR_FIBER_NOT_IN_FIBER', () => work.wait());
  t.is(work.count, 0);
});
