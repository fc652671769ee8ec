/** rateLimit and every: how often something happens. */
import test from 'ava';
import { every, group, now, rateLimit, sleep, spawn, timeout, TimeoutError } from 'greenfiber';
import { simulate } from 'greenfiber/testing';

import { caught, inTask } from '../helpers/in-task';

/** Runs it under a virtual clock, whose moments are exact. */
async function simulated(body: () => void): Promise<void> {
  await simulate(body, { seed: 1, schedules: 1 });
}

test('in no window do more go through than the limit says, first come first served', async (t) => {
  await simulated(() => {
    const limit = rateLimit(2, 100);
    const start = now();
    const moments: number[] = [];
    limit.acquire();
    moments.push(0);
    sleep(60);
    for (let i = 0; i < 4; i++) {
      limit.run(() => moments.push(now() - start));
    }
    t.deepEqual(moments, [0, 60, 100, 160, 200]);
  });
});

test('tasks wait for their turn in the order in which they came', async (t) => {
  await inTask(t, () => {
    const limit = rateLimit(1, 3);
    const order: number[] = [];
    group((tasks) => {
      for (let i = 0; i < 4; i++) tasks.spawn(() => limit.run(() => order.push(i)));
    });
    t.deepEqual(order, [0, 1, 2, 3]);
  });
});

test('who is cancelled at a rate limit uses nothing up', async (t) => {
  await simulated(() => {
    const limit = rateLimit(1, 100);
    limit.acquire();
    const start = now();
    for (let i = 0; i < 3; i++) {
      t.true(caught(() => timeout(10, () => limit.acquire())) instanceof TimeoutError);
    }
    limit.acquire();
    t.is(now() - start, 100);
  });
});

test('tryAcquire never sleeps, works outside of tasks, and lets nobody overtake', async (t) => {
  const limit = rateLimit(1, 200);
  t.true(limit.tryAcquire());
  t.false(limit.tryAcquire());
  await inTask(t, () => {
    const waiting = spawn(() => limit.acquire());
    sleep(1);
    t.false(limit.tryAcquire());
    waiting.join();
  });
});

test('a rate limit waits for an async function', async (t) => {
  await inTask(t, () => {
    t.is(
      rateLimit(1, 1).run(async () => Promise.resolve(3)),
      3,
    );
  });
});

test('a ticker keeps its distance from the beginning, and leaves out what was missed', async (t) => {
  await simulated(() => {
    const start = now();
    const seen: [number, number][] = [];
    for (const tick of every(10)) {
      seen.push([tick, now() - start]);
      if (tick === 2) sleep(25); // two are missed, of which the last comes late
      if (tick >= 5) break;
    }
    t.deepEqual(seen, [
      [1, 10],
      [2, 20],
      [4, 45],
      [5, 50],
    ]);
  });
});

test('a ticker is cancelled like any sleep', async (t) => {
  await inTask(t, () => {
    const ticks = every(1000);
    t.true(caught(() => timeout(2, () => ticks.next())) instanceof TimeoutError);
    t.true(caught(() => timeout(2, () => every(Infinity).next())) instanceof TimeoutError);
  });
  t.throws(() => every(1).next(), { code: 'ERR_FIBER_NOT_IN_FIBER' });
});
