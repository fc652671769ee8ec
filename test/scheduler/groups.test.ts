// Groups: members end with their group, and fail together.
import test from 'ava';
import { AbortError, group, shield, sleep, spawn, timeout, type Group } from 'greenfiber';

import { caught } from '../helpers/in-task';

test('a group ends when its body and all its members have ended', async (t) => {
  const order: string[] = [];
  const value = await spawn(() =>
    group((g) => {
      g.spawn(() => {
        sleep(100);
        order.push('slow');
        g.spawn(() => {
          sleep(2);
          order.push('born late');
        });
      });
      g.spawn(() => {
        sleep(1);
        order.push('fast');
      });
      order.push('body');
      return 'answer';
    }),
  );
  t.is(value, 'answer');
  t.deepEqual(order, ['body', 'fast', 'slow', 'born late']);
});

test('the first failure cancels the other members and the body, and is thrown as it is', async (t) => {
  const boom = new Error('boom');
  const cancelled: unknown[] = [];
  const error = await spawn(() =>
    caught(() =>
      group((g) => {
        g.spawn(() => cancelled.push(caught(() => sleep(1e6))));
        g.spawn(() => {
          sleep(1);
          throw boom;
        });
        cancelled.push(caught(() => sleep(1e6)));
        sleep(1);
      }),
    ),
  );
  t.is(error, boom);
  t.is(cancelled.length, 2);
  for (const reason of cancelled) {
    t.true(reason instanceof AbortError);
    t.is((reason as AbortError).cause, boom);
  }
});

test('several failures are thrown together', async (t) => {
  const errors = [new Error('one'), new Error('two'), new Error('of the body')];
  const error = await spawn(() =>
    caught(() =>
      group((g) => {
        g.spawn(() => {
          throw errors[0];
        });
        g.spawn(() => {
          throw errors[1];
        });
        throw errors[2];
      }),
    ),
  );
  t.true(error instanceof AggregateError);
  t.deepEqual((error as AggregateError).errors, [errors[2], errors[0], errors[1]]);
});

test('a group that has ended takes no further tasks', async (t) => {
  let kept: Group | undefined;
  await spawn(() => group((g) => (kept = g)));
  t.throws(() => kept?.spawn(() => 1), { code: 'ERR_GROUP_CLOSED' });
});

test('members are cancelled with what is around the group, wherever they were spawned', async (t) => {
  const seen: string[] = [];
  const task = spawn(() => {
    group((g) => {
      // Spawned under a limit and by a stranger, but members all the same.
      timeout(1, () =>
        g.spawn(() => {
          sleep(5);
          seen.push('outlived the limit it was spawned under');
          seen.push((caught(() => sleep(1e6)) as Error).message);
        }),
      );
      sleep(1e6);
    });
  });
  await spawn(() => {
    while (seen.length === 0) sleep(1);
    sleep(1);
  });
  task.cancel(new Error('from outside'));
  await t.throwsAsync(task.then(), { message: 'from outside' });
  t.deepEqual(seen, ['outlived the limit it was spawned under', 'from outside']);
});

test('a group waits for members that clean up, even when it is cancelled itself', async (t) => {
  let cleaned = false;
  const task = spawn(() =>
    group((g) => {
      g.spawn(() => {
        try {
          sleep(1e6);
        } finally {
          shield(() => sleep(5));
          cleaned = true;
        }
      });
    }),
  );
  await spawn(() => sleep(1));
  task.cancel();
  await t.throwsAsync(task.then(), { name: 'AbortError' });
  t.true(cleaned);
});

test('a group can be cancelled: its members end, and the body answers if it can', async (t) => {
  const [member] = await spawn(() =>
    group((g) => {
      const task = g.spawn(() => sleep(1e6));
      sleep(1);
      g.cancel();
      return [task];
    }),
  );
  t.is(member.status, 'cancelled');
});

test('a member that is cancelled alone does not fail the group', async (t) => {
  const value = await spawn(() =>
    group((g) => {
      const one = g.spawn(() => sleep(1e6));
      const two = g.spawn(() => {
        sleep(3);
        return 'unharmed';
      });
      sleep(1);
      one.cancel();
      return two.join();
    }),
  );
  t.is(value, 'unharmed');
});

test('groups nest: an inner failure that is caught does not reach the outer group', async (t) => {
  const value = await spawn(() =>
    group((outer) => {
      const sibling = outer.spawn(() => {
        sleep(4);
        return 'alive';
      });
      const error = caught(() =>
        group((inner) => {
          inner.spawn(() => {
            throw new Error('inner');
          });
        }),
      );
      return [(error as Error).message, sibling.join()];
    }),
  );
  t.deepEqual(value, ['inner', 'alive']);
});
