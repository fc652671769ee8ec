import test from 'ava';
import { Channel, currentTask, FiberError, group, shield, spawn, wait, yieldNow } from 'greenfiber';
import { simulate, SimulationError } from 'greenfiber/testing';

import { answerOf } from '../helpers/answer';
import { refused } from '../helpers/codes';
import { addonPath } from '../helpers/test-addon';

test('without capacity, a sender sleeps until somebody has received', async (t) => {
  await simulate(
    () => {
      const channel = new Channel<number>();
      const steps: string[] = [];
      const sender = spawn(() => {
        channel.send(1);
        steps.push('sent');
      });
      while (sender.status !== 'parked') yieldNow();
      t.deepEqual(steps, []);
      t.is(channel.length, 0);
      t.deepEqual(channel.receive(), { done: false, value: 1 });
      sender.join();
      t.deepEqual(steps, ['sent']);
    },
    { schedules: 100 },
  );
});

test('with capacity, senders sleep only while it is full, and order is kept', async (t) => {
  await simulate(
    () => {
      const channel = new Channel<number>(3);
      const sender = spawn(() => {
        for (let i = 0; i < 20; i++) {
          channel.send(i);
          t.true(channel.length <= 3);
        }
        channel.close();
      });
      t.deepEqual(
        [...channel],
        Array.from({ length: 20 }, (_, i) => i),
      );
      sender.join();
    },
    { schedules: 300 },
  );
});

test('an unlimited channel never makes a sender sleep, and grows in the middle of its circle', (t) => {
  const channel = new Channel<number>(Infinity);
  let sent = 0;
  let received = 0;
  for (const [sends, receives] of [
    [5, 3],
    [40, 30],
    [1000, 12],
    [0, 1000],
  ] as const) {
    for (let i = 0; i < sends; i++) t.true(channel.trySend(sent++));
    for (let i = 0; i < receives; i++) {
      t.deepEqual(channel.tryReceive(), { done: false, value: received++ });
    }
    t.is(channel.length, sent - received);
  }
  t.is(channel.tryReceive(), undefined);
});

test('those who wait are served in the order in which they came', async (t) => {
  await spawn(() => {
    const channel = new Channel<string>();
    const served: string[] = [];
    const receivers = ['a', 'b', 'c'].map((name) =>
      spawn(() => served.push(`${name}${String(channel.receive().value)}`)),
    );
    yieldNow();
    for (const item of ['1', '2', '3']) channel.send(item);
    receivers.forEach((task) => task.join());
    t.deepEqual(served, ['a1', 'b2', 'c3']);
    const senders = ['x', 'y', 'z'].map((item) => spawn(() => channel.send(item)));
    yieldNow();
    t.deepEqual(
      senders.map(() => channel.receive().value),
      ['x', 'y', 'z'],
    );
    senders.forEach((task) => task.join());
  });
});

test('undefined is an item, and the end is told apart from it', async (t) => {
  const channel = new Channel<undefined>(1);
  channel.trySend(undefined);
  channel.close();
  await spawn(() => {
    t.deepEqual(channel.receive(), { done: false, value: undefined });
    t.deepEqual(channel.receive(), { done: true, value: undefined });
    t.deepEqual(channel.receive(), { done: true, value: undefined });
  });
  t.deepEqual(channel.tryReceive(), { done: true, value: undefined });
});

test('close refuses senders, also those that sleep, lets receivers drain, and may be repeated', async (t) => {
  const reason = new Error('the disk is full');
  await simulate(
    () => {
      const channel = new Channel<number>(1);
      channel.send(1);
      const sender = spawn(() =>
        t.throws(() => channel.send(2), { instanceOf: FiberError, code: 'ERR_CHANNEL_CLOSED' }),
      );
      while (sender.status !== 'parked') yieldNow();
      channel.close(reason);
      channel.close(new Error('another one'));
      t.true(channel.closed);
      t.is(channel.error, reason);
      t.is(sender.join().cause, reason);
      refused(t, 'ERR_CHANNEL_CLOSED', () => channel.send(3));
      refused(t, 'ERR_CHANNEL_CLOSED', () => channel.trySend(3));
      t.deepEqual([...channel], [1]);
    },
    { schedules: 50 },
  );
});

test('close ends all receivers that sleep, and iteration', async (t) => {
  await simulate(
    () => {
      const channel = new Channel<number>();
      group((g) => {
        for (let i = 0; i < 3; i++) g.spawn(() => t.deepEqual([...channel], []));
        g.spawn(() => channel.close());
      });
    },
    { schedules: 100 },
  );
});

test('leaving a loop early leaves the channel open', async (t) => {
  const channel = new Channel<number>(3);
  [1, 2, 3].forEach((item) => channel.trySend(item));
  await spawn(() => {
    for (const item of channel) if (item === 2) break;
    t.false(channel.closed);
    t.is(channel.receive().value, 3);
  });
});

test('sending and receiving outside of tasks is refused, trying is not', (t) => {
  const channel = new Channel<number>(1);
  refused(t, 'ERR_FIBER_NOT_IN_FIBER', () => channel.send(1));
  refused(t, 'ERR_FIBER_NOT_IN_FIBER', () => channel.receive());
  t.is(channel.length, 0);
  t.true(channel.trySend(1));
  t.false(channel.trySend(2));
  t.deepEqual(channel.tryReceive(), { done: false, value: 1 });
});

test('an item that the event loop sends reaches a task that sleeps', async (t) => {
  const channel = new Channel<number>();
  const task = spawn(() => channel.receive().value);
  while (task.status !== 'parked') await new Promise((resolve) => setTimeout(resolve, 1));
  t.true(channel.trySend(7));
  t.is(await task, 7);
});

test('what is wrong with a capacity is said', (t) => {
  refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => new Channel('1' as never));
  for (const capacity of [-1, 1.5, NaN, -Infinity]) {
    refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () => new Channel(capacity));
  }
});

test('a cancelled receiver takes nothing, and a cancelled sender leaves nothing', async (t) => {
  await simulate(
    () => {
      const channel = new Channel<number>();
      for (const call of [() => channel.receive(), () => channel.send(1)]) {
        const task = spawn(call);
        while (task.status !== 'parked') yieldNow();
        task.cancel();
        t.throws(() => task.join(), { name: 'AbortError' });
        t.is(channel.tryReceive(), undefined);
        t.false(channel.trySend(2));
      }
    },
    { schedules: 20 },
  );
});

test('in a cancelled scope nothing is sent or received, even where nobody would sleep', async (t) => {
  const channel = new Channel<number>(2);
  channel.trySend(1);
  const task = spawn(() => {
    currentTask()?.cancel();
    t.throws(() => channel.send(2), { name: 'AbortError' });
    t.throws(() => channel.receive(), { name: 'AbortError' });
    return shield(() => channel.receive().value);
  });
  t.is(await task, 1);
  t.is(channel.length, 0);
});

test('a call that cannot be left, below a microtask drain, leaves nothing behind', async (t) => {
  const program = `
    const { Channel, Condition, Event, Mutex, select, spawn, yieldNow } = require('greenfiber');
    const addon = require(${JSON.stringify(addonPath('v8_addon'))});
    const channel = new Channel();
    const mutex = new Mutex();
    const condition = new Condition(mutex);
    const seen = [];
    const attempts = [
      () => channel.receive(),
      () => channel.send(1),
      () => select([{ receive: channel }, { send: channel, value: 1 }]),
      () => new Event().wait(),
      () => condition.wait(),
    ].map((call) => () => {
      try {
        call();
      } catch (error) {
        seen.push(error.code);
      }
    });
    spawn(() => {
      mutex.lock();
      for (const begin = performance.now(); performance.now() < begin + 10; );
      yieldNow(); // the slice is over, so the next turn is no part of a drain
      for (const attempt of attempts) Promise.resolve().then(attempt);
      addon.performCheckpoint();
      seen.push(channel.tryReceive() === undefined, channel.trySend(1), mutex.locked);
      mutex.unlock();
      console.log(JSON.stringify(seen));
    });`;
  const codes = Array<string>(5).fill('ERR_FIBER_NOT_YIELDABLE');
  t.deepEqual(await answerOf(t, program), [...codes, true, false, true]);
});

test('a deadlock says who waits for which channel', async (t) => {
  const error = await t.throwsAsync(
    simulate(
      () => {
        const jobs = new Channel<number>();
        jobs.name = 'jobs';
        const worker = spawn(() => jobs.receive());
        worker.name = 'the worker';
        worker.join();
      },
      { schedules: 1 },
    ),
    { instanceOf: SimulationError },
  );
  t.regex(error.message, /"the worker" \[parked\]: waits in Channel\.receive on Channel "jobs"/);
});

// --- Models ---

interface Tally {
  sent: number[];
  refusedSends: number[];
  received: number[];
}

function expectExactlyOnce({ sent, refusedSends, received }: Tally, left: number[]): void {
  const arrived = [...received, ...left];
  const all = new Set(arrived);
  if (all.size !== arrived.length) throw new Error(`twice: ${arrived.join()}`);
  for (const item of sent) if (!all.has(item)) throw new Error(`lost: ${item}`);
  for (const item of refusedSends) if (all.has(item)) throw new Error(`not taken back: ${item}`);
  if (arrived.length !== sent.length) throw new Error('came from nowhere');
}

/** Producers and consumers, some of which are cancelled anywhere. */
function tumult(capacity: number): void {
  const channel = new Channel<number>(capacity);
  const tally: Tally = { sent: [], refusedSends: [], received: [] };
  const producers = [0, 1, 2].map((producer) =>
    spawn(() => {
      for (let i = 0; i < 4; i++) {
        const item = 10 * producer + i;
        try {
          channel.send(item);
        } catch (error) {
          tally.refusedSends.push(item);
          throw error;
        }
        tally.sent.push(item);
      }
    }),
  );
  const consumers = [0, 1, 2].map(() =>
    spawn(() => {
      for (const item of channel) tally.received.push(item);
    }),
  );
  const canceller = spawn(() => {
    for (const task of [producers[1], consumers[0], consumers[2]]) {
      yieldNow();
      task?.cancel();
    }
  });
  canceller.join();
  const settled = (task: { done: boolean }): void => {
    while (!task.done) yieldNow();
  };
  [...producers, ...consumers].forEach((task) => void task.then(undefined, () => undefined));
  producers.forEach(settled);
  channel.close();
  consumers.forEach(settled);
  const left: number[] = [];
  for (let next = channel.tryReceive(); next?.done === false; next = channel.tryReceive()) {
    left.push(next.value);
  }
  expectExactlyOnce(tally, left);
}

for (const capacity of [0, 1, 3]) {
  test(`under 2,000 schedules, with random cancellation, every item of a channel of capacity ${capacity} arrives exactly once or stays with its sender`, async (t) => {
    const report = await simulate(() => tumult(capacity), {
      seed: 1000 * capacity,
      schedules: 2000,
    });
    t.is(report.schedules, 2000);
  });
}

test('the model notices a channel that loses items', (t) => {
  const tally: Tally = { sent: [1, 2], refusedSends: [3], received: [1] };
  t.throws(() => expectExactlyOnce(tally, []), { message: 'lost: 2' });
  t.throws(() => expectExactlyOnce(tally, [2, 2]), { message: /twice/ });
  t.throws(() => expectExactlyOnce(tally, [2, 3]), { message: 'not taken back: 3' });
  t.notThrows(() => expectExactlyOnce(tally, [2]));
});

test('a pipeline of channels keeps the order of its items under all schedules', async (t) => {
  await simulate(
    () => {
      const stages = [new Channel<number>(), new Channel<number>(2), new Channel<number>()];
      group((g) => {
        g.spawn(() => {
          for (let i = 0; i < 10; i++) stages[0]?.send(i);
          stages[0]?.close();
        });
        for (const stage of [0, 1]) {
          g.spawn(() => {
            for (const item of stages[stage] ?? []) stages[stage + 1]?.send(item + 100);
            stages[stage + 1]?.close();
          });
        }
        const seen = [...(stages[2] ?? [])];
        t.deepEqual(
          seen,
          Array.from({ length: 10 }, (_, i) => 200 + i),
        );
      });
    },
    { schedules: 500 },
  );
});

test('a value that was handed to a receiver before its cancellation is not lost', async (t) => {
  await simulate(
    () => {
      const channel = new Channel<number>();
      const receiver = spawn(() => channel.receive().value);
      while (receiver.status !== 'parked') yieldNow();
      channel.send(1);
      receiver.cancel();
      t.is(receiver.join(), 1);
    },
    { schedules: 20 },
  );
});

test('tasks mix channels and promises', async (t) => {
  await simulate(
    () => {
      const channel = new Channel<number>();
      group((g) => {
        g.spawn(() => channel.send(wait(Promise.resolve(5))));
        t.is(channel.receive().value, 5);
      });
    },
    { schedules: 50 },
  );
});
