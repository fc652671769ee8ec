// What goes wrong at the edges of a life: nothing hangs, nothing is lost, nobody is left behind. `simulate` fails on
// a deadlock and on a task that is left.
import test from 'ava';
import {
  abortable,
  Channel,
  currentTask,
  deadline,
  group,
  Mutex,
  select,
  shield,
  sleep,
  spawn,
  timeout,
  yieldNow,
} from 'greenfiber';
import { simulate } from 'greenfiber/testing';

import { refused } from '../helpers/codes';

const schedules = 300;

test('a task that is cancelled before it starts begins, and takes nothing at its first blocking call', async (t) => {
  await simulate(
    () => {
      const channel = new Channel<number>(1);
      channel.send(1);
      const mutex = new Mutex();
      for (const call of [
        () => channel.receive(),
        () => channel.send(2),
        () => select([{ receive: channel }]),
        () => mutex.lock(),
      ]) {
        const task = spawn(() => {
          call();
        });
        task.cancel();
        t.throws(() => task.join(), { name: 'AbortError' });
        t.is(task.status, 'cancelled');
      }
      t.is(channel.length, 1);
      t.false(mutex.locked);
    },
    { schedules },
  );
});

test('clean-up that blocks is cancelled, unless it is shielded', async (t) => {
  await simulate(
    () => {
      const items = new Channel<number>();
      const cleanedUp = new Channel<string>(2);
      const mutex = new Mutex();
      const task = spawn(() => {
        mutex.lock();
        try {
          items.receive();
        } finally {
          t.throws(() => cleanedUp.send('without a shield'), { name: 'AbortError' });
          shield(() => {
            sleep(5);
            cleanedUp.send('in a shield');
          });
          mutex.unlock();
        }
      });
      while (task.status !== 'parked') yieldNow();
      task.cancel();
      task.cancel(new Error('again, during clean-up'));
      t.throws(() => task.join(), { name: 'AbortError' });
      cleanedUp.close();
      t.deepEqual([...cleanedUp], ['in a shield']);
      t.false(mutex.locked);
    },
    { schedules },
  );
});

test('a member that throws while its group is closing is reported with the error that closed it', async (t) => {
  await simulate(
    () => {
      const never = new Channel<number>();
      const error = t.throws(() =>
        group((g) => {
          for (const name of ['first', 'second']) {
            g.spawn(() => {
              try {
                never.receive();
              } finally {
                // eslint-disable-next-line no-unsafe-finally -- what is tested
                throw new Error(`${name} member, in its clean-up`);
              }
            });
          }
          yieldNow();
          throw new Error('the body');
        }),
      );
      t.true(error instanceof AggregateError);
      const messages = (error as AggregateError).errors.map((one: Error) => one.message);
      t.deepEqual(messages.sort(), [
        'first member, in its clean-up',
        'second member, in its clean-up',
        'the body',
      ]);
      t.is(never.tryReceive(), undefined);
    },
    { schedules },
  );
});

test('a group that has ended takes no member, also not from a member that outlived its body', async (t) => {
  await simulate(
    () => {
      const results = new Channel<string>(3);
      const escaped = group((g) => {
        g.spawn(() => {
          sleep(1);
          g.spawn(() => results.send('grandchild'));
          results.send('child');
        });
        return g;
      });
      t.is(results.length, 2);
      refused(t, 'ERR_GROUP_CLOSED', () => escaped.spawn(() => results.send('late')));
      t.is(results.length, 2);
    },
    { schedules },
  );
});

test('a signal that is aborted already lets nothing happen', async (t) => {
  await simulate(
    () => {
      const reason = new Error('aborted long ago');
      const signal = AbortSignal.abort(reason);
      const channel = new Channel<number>(1);
      const error = t.throws(() => abortable(signal, () => channel.send(1)));
      t.is(error, reason);
      t.is(channel.length, 0);
      t.deepEqual(select([{ receive: channel }, { aborted: signal }]), { index: 1, value: reason });
    },
    { schedules: 20 },
  );
});

test('negative and senseless times are refused before anything begins', async (t) => {
  await simulate(
    () => {
      const channel = new Channel<number>(1);
      const begin = (): void => {
        channel.send(1);
      };
      for (const ms of [-1, NaN, -Infinity]) {
        refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () => sleep(ms));
        refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () => timeout(ms, begin));
        refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () => select([{ after: ms }]));
      }
      for (const ms of ['1', undefined, null, 1n]) {
        refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => sleep(ms as never));
        refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => timeout(ms as never, begin));
        refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => select([{ after: ms as never }]));
        refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => deadline(ms as never, begin));
      }
      t.is(channel.length, 0);
    },
    { schedules: 5 },
  );
});

test('a deadline in the past lets nothing happen', async (t) => {
  await simulate(
    () => {
      const channel = new Channel<number>(1);
      refused(t, 'ERR_TIMEOUT', () => deadline(-5, () => channel.send(1)));
      refused(t, 'ERR_TIMEOUT', () => timeout(0, () => channel.send(1)));
      t.is(channel.length, 0);
      channel.send(2);
    },
    { schedules: 5 },
  );
});

test('a timeout around a rendezvous either happened for both or for none', async (t) => {
  await simulate(
    () => {
      const channel = new Channel<number>();
      let received: number | undefined;
      const receiver = spawn(() => {
        received = timeout(5, () => channel.receive().value);
      });
      void receiver.then(undefined, () => undefined);
      let sent = false;
      try {
        timeout(5, () => {
          sleep(5);
          channel.send(1);
          sent = true;
        });
      } catch {
        // The other outcome.
      }
      while (!receiver.done) sleep(1);
      t.is(sent, received === 1);
    },
    { schedules },
  );
});

test('a task may cancel itself in the middle of a select', async (t) => {
  await simulate(
    () => {
      const channel = new Channel<number>(1);
      const task = spawn(() => {
        const cases = [
          {
            get send() {
              currentTask()?.cancel();
              return channel;
            },
            value: 1,
          },
        ] as const;
        select(cases);
      });
      t.throws(() => task.join(), { name: 'AbortError' });
      t.is(channel.length, 0);
    },
    { schedules: 20 },
  );
});
