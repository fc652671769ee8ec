/** all, race, any, map: functions that run at the same time, each in a task. */
import test from 'ava';
import {
  all,
  any,
  Channel,
  generate,
  group,
  map,
  race,
  sleep,
  spawn,
  timeout,
  TimeoutError,
  wait,
} from 'greenfiber';

import { runChild } from '../helpers/child';
import { caught, inTask } from '../helpers/in-task';

/** A branch that sleeps until it is cancelled, and says so. */
const sleeper =
  (ended: string[], name = 'cancelled') =>
  (): string => {
    try {
      sleep(60_000);
    } finally {
      ended.push(name);
    }
    return name;
  };
const failing =
  (message: string, ms = 0) =>
  (): never => {
    sleep(ms);
    throw new Error(message);
  };

test('all answers what they answer, in their order, and runs them at the same time', async (t) => {
  await inTask(t, () => {
    const order: string[] = [];
    const answers = all([
      () => {
        sleep(5);
        order.push('slow');
        return 1;
      },
      async () => Promise.resolve('two'),
      () => order.push('quick'),
    ]);
    t.deepEqual(answers, [1, 'two', 1]);
    t.deepEqual(order, ['quick', 'slow']);
    t.deepEqual(all([]), []);
  });
});

test('when one of all fails, the others are cancelled before its error is thrown', async (t) => {
  await inTask(t, () => {
    const ended: string[] = [];
    t.is((caught(() => all([failing('mine', 1), sleeper(ended)])) as Error).message, 'mine');
    t.deepEqual(ended, ['cancelled']);
  });
});

test('race answers the first, and cancels the others and waits for their end', async (t) => {
  await inTask(t, () => {
    const ended: string[] = [];
    t.is(race([sleeper(ended), () => (sleep(1), 'first')]), 'first');
    t.deepEqual(ended, ['cancelled']);
    t.is((caught(() => race([sleeper(ended), failing('first')])) as Error).message, 'first');
    t.is(race([sleeper(ended), async () => Promise.resolve(7)]), 7);
    t.is(ended.length, 3);
  });
});

test('what the losers of a race raise while they are cancelled is dropped', async (t) => {
  await inTask(t, () => {
    const loser = (): void => {
      try {
        sleep(60_000);
      } catch {
        throw new Error('in the clean-up');
      }
    };
    t.is(race([loser, () => 'first']), 'first');
  });
});

test('any answers the first that succeeds, or throws all the errors in their order', async (t) => {
  await inTask(t, () => {
    const ended: string[] = [];
    t.is(any([failing('no'), sleeper(ended), () => (sleep(2), 'yes')]), 'yes');
    t.deepEqual(ended, ['cancelled']);
    const error = caught(() => any([failing('a', 3), failing('b', 1)])) as AggregateError;
    t.true(error instanceof AggregateError);
    t.deepEqual(
      error.errors.map(({ message }: Error) => message),
      ['a', 'b'],
    );
  });
});

for (const [name, call] of Object.entries({ all, race, any } as Record<string, typeof all>)) {
  test(`${name} passes cancellation from outside on, when all have ended`, async (t) => {
    await inTask(t, () => {
      const ended: string[] = [];
      const error = caught(() =>
        timeout(2, () => call([sleeper(ended, 'a'), sleeper(ended, 'b')] as never)),
      );
      t.true(error instanceof TimeoutError);
      t.deepEqual(ended.sort(), ['a', 'b']);
      t.true(caught(() => timeout(0, () => call([sleeper([])] as never))) instanceof TimeoutError);
    });
  });

  test(`${name} refuses what is no list of functions, and observes promises in it`, async (t) => {
    const wrong = { code: 'ERR_FIBER_INVALID_ARG_TYPE' };
    t.throws(() => call([1] as never), { ...wrong, message: /^branches\[0\] must be a function/ });
    t.throws(() => call(5 as never), wrong);
    t.throws(() => call([() => 1, Promise.reject(new Error('nobody'))] as never), wrong);
    t.throws(() => call([() => 1]), { code: 'ERR_FIBER_NOT_IN_FIBER' });
    await new Promise((resolve) => setImmediate(resolve));
    if (name === 'all') return;
    await inTask(t, () => {
      t.like(
        caught(() => call([])),
        { code: 'ERR_FIBER_INVALID_ARG_VALUE' },
      );
    });
  });
}

test('map keeps the order, and no more calls are under way than it is told', async (t) => {
  await inTask(t, () => {
    let now = 0;
    let most = 0;
    const results = map(
      [4, 1, 3, 2],
      (ms, index) => {
        most = Math.max(most, ++now);
        sleep(ms);
        now--;
        return index * 10;
      },
      { concurrency: 2 },
    );
    t.deepEqual([results, most], [[0, 10, 20, 30], 2]);
    t.deepEqual(
      map(new Set('ab'), async (letter) => Promise.resolve(letter)),
      ['a', 'b'],
    );
    t.deepEqual(
      map([], () => 1),
      [],
    );
  });
});

test('map takes an item when there is room for it, also from what blocks', async (t) => {
  await inTask(t, () => {
    const taken: number[] = [];
    const items = generate<number>((emit) => {
      for (let i = 0; i < 3; i++) {
        sleep(1);
        taken.push(i);
        emit(i);
      }
    });
    const seen = map(items, (i) => (sleep(5), [i, taken.length]), { concurrency: 1 });
    t.deepEqual(seen, [
      [0, 1],
      [1, 2],
      [2, 3],
    ]);
    const channel = new Channel<number>();
    spawn(() => {
      for (const i of [1, 2, 3]) channel.send(i);
      channel.close();
    });
    t.deepEqual(
      map(channel, (i) => i * 2),
      [2, 4, 6],
    );
  });
});

test('when a call of map fails no more items are taken, and the iterator is closed', async (t) => {
  await inTask(t, () => {
    const events: string[] = [];
    function* items(): Generator<number> {
      try {
        for (let i = 0; ; i++) yield i;
      } finally {
        events.push('closed');
      }
    }
    const error = caught(() =>
      map(items(), (i) => (i === 2 ? failing('third')() : sleep(1)), { concurrency: 2 }),
    );
    t.is((error as Error).message, 'third');
    t.deepEqual(events, ['closed']);
  });
});

test('map refuses wrong arguments', async (t) => {
  const wrong = { code: 'ERR_FIBER_INVALID_ARG_TYPE' };
  t.throws(() => map(5 as never, () => 1), { ...wrong, message: /^items must be an iterable/ });
  t.throws(() => map([], 1 as never), wrong);
  t.throws(() => map([1], () => 1), { code: 'ERR_FIBER_NOT_IN_FIBER' });
  await inTask(t, () => {
    t.deepEqual(
      map('ab', (letter) => letter),
      ['a', 'b'],
    );
  });
});

test('promises that a race or a map gives up are no unhandled rejections', async (t) => {
  const exit = await runChild(({ race, map, spawn, sleep }) => {
    const late = async (): Promise<never> => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      throw new Error('nobody waits for it');
    };
    spawn(() => {
      race([late, () => 1]);
      try {
        map([1, 2], (i) => {
          if (i === 1) return late();
          throw new Error('at once');
        });
      } catch {
        // not the matter
      }
      sleep(20);
    });
  });
  t.like(exit, { code: 0, signal: null, stderr: '' });
});

test('members of a group around a race are not touched by it', async (t) => {
  await inTask(t, () => {
    const result = group((tasks) => {
      const member = tasks.spawn(() => (sleep(5), 'alive'));
      race([() => 1, () => sleep(60_000)]);
      return wait(member);
    });
    t.is(result, 'alive');
  });
});
