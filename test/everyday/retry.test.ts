import test from 'ava';
import {
  currentTask,
  FiberKilled,
  group,
  now,
  retry,
  sleep,
  timeout,
  TimeoutError,
} from 'greenfiber';
import { simulate } from 'greenfiber/testing';

import { caught, inTask } from '../helpers/in-task';

const always = (): never => {
  throw new Error('always');
};

test('retry answers the first success, and tells which attempt it is', async (t) => {
  await inTask(t, () => {
    const attempts: number[] = [];
    const answer = retry(
      (attempt) => {
        attempts.push(attempt);
        if (attempt < 3) throw new Error('not yet');
        return 'done';
      },
      { delay: 0 },
    );
    t.deepEqual([answer, attempts], ['done', [1, 2, 3]]);
  });
});

test('retry waits for an async function, and throws the last error', async (t) => {
  await inTask(t, () => {
    let calls = 0;
    const error = caught(() =>
      retry(async () => Promise.reject(new Error(`no ${++calls}`)), { attempts: 2, delay: 0 }),
    );
    t.is((error as Error).message, 'no 2');
  });
});

test('the delays grow, up to a limit, and chance takes a part away', async (t) => {
  const begin = async (options: object): Promise<number[]> => {
    const moments: number[] = [];
    await simulate(
      () => {
        moments.length = 0;
        const start = now();
        caught(() => retry(() => (moments.push(now() - start), always()), options));
      },
      { seed: 1, schedules: 1 },
    );
    return moments;
  };
  const exact = { attempts: 5, delay: 10, maxDelay: 35, jitter: 0 };
  t.deepEqual(await begin(exact), [0, 10, 30, 65, 100]);
  const spread = await begin({ attempts: 3, delay: 100, factor: 1, jitter: 0.5 });
  const [first, second, third] = spread as [number, number, number];
  for (const delay of [second - first, third - second]) t.true(delay > 50 && delay < 100);
  t.not(second - first, third - second);
});

test('an error that when refuses is thrown at once', async (t) => {
  await inTask(t, () => {
    const seen: unknown[] = [];
    const when = async (error: unknown, attempt: number): Promise<boolean> => {
      await Promise.resolve();
      seen.push([(error as Error).message, attempt]);
      return attempt < 2;
    };
    t.is((caught(() => retry(always, { delay: 0, attempts: 9, when })) as Error).message, 'always');
    t.deepEqual(seen, [
      ['always', 1],
      ['always', 2],
    ]);
  });
});

test('cancellation is never retried, whatever comes of it', async (t) => {
  await inTask(t, () => {
    let calls = 0;
    const options = { attempts: Infinity, delay: 0 };
    const asleep = (): void => {
      calls++;
      sleep(60_000);
    };
    t.true(caught(() => timeout(2, () => retry(asleep, options))) instanceof TimeoutError);
    const wrapped = (): void => {
      try {
        asleep();
      } catch {
        throw new Error('wrapped');
      }
    };
    t.is((caught(() => timeout(2, () => retry(wrapped, options))) as Error).message, 'wrapped');
    t.is(calls, 2);
    const killed = caught(() =>
      retry(() => {
        calls++;
        throw new FiberKilled();
      }, options),
    );
    t.true(killed instanceof FiberKilled);
    t.is(calls, 3);
    const inDelay = caught(() => timeout(2, () => retry(always, { delay: 60_000 })));
    t.true(inDelay instanceof TimeoutError);
  });
});

test('retry in a cancelled scope does not begin', async (t) => {
  await inTask(t, () => {
    let calls = 0;
    group((tasks) => {
      tasks.cancel();
      t.is((caught(() => retry(() => calls++)) as Error).name, 'AbortError');
    });
    t.is(calls, 0);
  });
});

test('a timeout of one attempt is an error as any other', async (t) => {
  await inTask(t, () => {
    const answer = retry(
      (attempt) => timeout(2, () => (attempt === 1 ? sleep(60_000) : 'in time')),
      { delay: 0 },
    );
    t.is(answer, 'in time');
    t.false(currentTask()!.signal.aborted);
  });
});

test('retry refuses wrong arguments', (t) => {
  const wrong = { code: 'ERR_FIBER_INVALID_ARG_TYPE' };
  t.throws(() => retry(1 as never), wrong);
  t.throws(() => retry(always, 5 as never), wrong);
  t.throws(() => retry(always, { when: true as never }), wrong);
  t.throws(() => retry(always), { code: 'ERR_FIBER_NOT_IN_FIBER' });
});
