import { getEventListeners } from 'node:events';
import test from 'ava';
import { Channel, currentTask, now, Scheduler, select, sleep, spawn, yieldNow } from 'greenfiber';
import { simulate } from 'greenfiber/testing';

import { refused } from '../helpers/codes';

test('a case that is ready happens at once, and says what it answers', async (t) => {
  const full = new Channel<number>(1);
  const empty = new Channel<string>(1);
  full.trySend(7);
  const abort = AbortSignal.abort('enough');
  await spawn(() => {
    t.deepEqual(select([{ receive: full }, { receive: empty }]), {
      index: 0,
      value: { done: false, value: 7 },
    });
    t.deepEqual(select([{ receive: full }, { send: empty, value: 'x' }]), {
      index: 1,
      value: undefined,
    });
    t.deepEqual(empty.tryReceive(), { done: false, value: 'x' });
    t.deepEqual(select([{ receive: full }, { aborted: abort }]), { index: 1, value: 'enough' });
    full.close();
    t.deepEqual(select([{ receive: full }]), {
      index: 0,
      value: { done: true, value: undefined },
    });
  });
});

test('a select sleeps until one of its cases can happen, and the others leave no trace', async (t) => {
  await simulate(
    () => {
      const a = new Channel<number>();
      const b = new Channel<number>();
      const { signal } = new AbortController();
      const pending = new Promise<never>(() => undefined);
      const chooser = spawn(() =>
        select([
          { receive: a },
          { send: b, value: 1 },
          { after: 1000 },
          { aborted: signal },
          { settled: pending },
        ]),
      );
      while (chooser.status !== 'parked') yieldNow();
      t.is(getEventListeners(signal, 'abort').length, 1);
      t.deepEqual(b.receive(), { done: false, value: 1 });
      t.is(getEventListeners(signal, 'abort').length, 0);
      t.false(a.trySend(2));
      t.is(b.tryReceive(), undefined);
      t.deepEqual(chooser.join(), { index: 1, value: undefined });
      t.is(now(), 0);
    },
    { schedules: 50 },
  );
});

test('each kind of case ends a sleep', async (t) => {
  await simulate(
    () => {
      const silent = new Channel<number>();
      t.deepEqual(select([{ receive: silent }, { after: 50 }]), { index: 1, value: undefined });
      t.is(now(), 50);
      const controller = new AbortController();
      const reason = new Error('stop');
      spawn(() => {
        sleep(1);
        controller.abort(reason);
      });
      t.deepEqual(select([{ after: 10 }, { aborted: controller.signal }]), {
        index: 1,
        value: reason,
      });
      t.deepEqual(select([{ settled: Promise.resolve('value') }, { after: 10 }]), {
        index: 0,
        value: 'value',
      });
      const error = new Error('rejected');
      t.is(
        t.throws(() => select([{ receive: silent }, { settled: Promise.reject(error) }])),
        error,
      );
      const closer = spawn(() => silent.close());
      t.deepEqual(select([{ after: 10 }, { receive: silent }]), {
        index: 1,
        value: { done: true, value: undefined },
      });
      closer.join();
    },
    { schedules: 100 },
  );
});

test('a sender in a select is refused when the channel is closed, before and during the sleep', async (t) => {
  await simulate(
    () => {
      const channel = new Channel<number>();
      const other = new Channel<number>();
      const sender = spawn(() =>
        refused(t, 'ERR_CHANNEL_CLOSED', () =>
          select([{ send: channel, value: 1 }, { receive: other }]),
        ),
      );
      while (sender.status !== 'parked') yieldNow();
      channel.close();
      t.false(other.trySend(1));
      sender.join();
      refused(t, 'ERR_CHANNEL_CLOSED', () => select([{ send: channel, value: 1 }]));
    },
    { schedules: 20 },
  );
});

async function choices(seed: number, biased: boolean): Promise<number[]> {
  return new Scheduler({ seed }).run(() => {
    const channels = [0, 1, 2].map(() => new Channel<number>(1));
    const cases = channels.map((channel) => ({ send: channel, value: 1 }));
    return Array.from({ length: 3000 }, () => {
      const { index } = biased ? select.biased(cases) : select(cases);
      channels[index]?.receive();
      return index;
    });
  });
}

test('among several that are ready each is as likely, and the seed decides', async (t) => {
  const made = await choices(5, false);
  for (const index of [0, 1, 2]) {
    const count = made.filter((chosen) => chosen === index).length;
    t.true(count > 850 && count < 1150, `${index} was chosen ${count} of 3000 times`);
  }
  t.deepEqual(await choices(5, false), made);
  t.notDeepEqual(await choices(6, false), made);
});

test('select.biased takes the first that is ready', async (t) => {
  t.deepEqual(new Set(await choices(5, true)), new Set([0]));
  await spawn(() => {
    const late = new Channel<number>(1);
    late.send(3);
    const never = new Channel<number>();
    t.is(select.biased([{ receive: never }, { receive: late }]).index, 1);
  });
});

test("a simulation's seed decides, and a sequence replays", async (t) => {
  const trace = async (seed: number): Promise<string> => {
    let chosen = '';
    await simulate(
      () => {
        const a = new Channel<number>(1);
        const b = new Channel<number>(1);
        for (let i = 0; i < 40; i++) {
          const { index } = select([
            { send: a, value: 1 },
            { send: b, value: 1 },
          ]);
          (index === 0 ? a : b).receive();
          chosen += String(index);
        }
      },
      { seed, schedules: 1 },
    );
    return chosen;
  };
  t.is(await trace(3), await trace(3));
  t.not(await trace(3), await trace(4));
});

test('operands are read once, in order, before anything happens', async (t) => {
  const read: string[] = [];
  const channel = new Channel<number>(1);
  const operand = <T>(name: string, value: T): T => {
    read.push(name);
    return value;
  };
  await spawn(() => {
    const { index } = select.biased([
      {
        get send() {
          return operand('send', channel);
        },
        get value() {
          return operand('value', 1);
        },
      },
      {
        get receive() {
          return operand('receive', channel);
        },
      },
      {
        get after() {
          return operand('after', 5);
        },
      },
    ]);
    t.is(index, 0);
  });
  t.deepEqual(read, ['send', 'value', 'receive', 'after']);
});

test('with a default nothing sleeps', async (t) => {
  const channel = new Channel<number>(1);
  await spawn(() => {
    t.deepEqual(select([{ receive: channel }], { default: 'none' }), { index: -1, value: 'none' });
    t.deepEqual(select([], { default: undefined }), { index: -1, value: undefined });
    t.deepEqual(select.biased([{ after: 0 }], { default: 1 }), { index: -1, value: 1 });
    t.deepEqual(select([{ send: channel, value: 2 }], { default: 1 }), {
      index: 0,
      value: undefined,
    });
  });
});

test('a select on nothing is an error at once, and so is one whose cases are all switched off', async (t) => {
  await spawn(() => {
    refused(t, 'ERR_SELECT_EMPTY', () => select([]));
    refused(t, 'ERR_SELECT_EMPTY', () => select.biased([undefined, undefined]));
    const channel = new Channel<number>(1);
    channel.send(1);
    t.is(select([undefined, { receive: channel }]).index, 1);
  });
});

test('what is wrong with a case is said, and nothing has happened', async (t) => {
  const channel = new Channel<number>(1);
  channel.trySend(1);
  refused(t, 'ERR_FIBER_NOT_IN_FIBER', () => select([{ receive: channel }]));
  await spawn(() => {
    const good = { receive: channel };
    for (const bad of [
      null,
      1,
      { receive: 1 },
      { send: {} },
      { after: '1' },
      { aborted: {} },
      { settled: 1 },
    ]) {
      const error = refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => select([good, bad as never]));
      t.regex(error?.message ?? '', /cases\[1\]/);
    }
    refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () => select([good, { after: -1 }]));
    refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () => select([good, {} as never]));
    refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => select('x' as never));
    refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => select([good], 1 as never));
  });
  t.is(channel.length, 1);
});

test('a cancelled select has not happened and leaves no trace', async (t) => {
  await simulate(
    () => {
      const a = new Channel<number>();
      const { signal } = new AbortController();
      const task = spawn(() =>
        select([{ receive: a }, { send: a, value: 1 }, { aborted: signal }, { after: 5 }]),
      );
      while (task.status !== 'parked') yieldNow();
      task.cancel();
      t.throws(() => task.join(), { name: 'AbortError' });
      t.is(getEventListeners(signal, 'abort').length, 0);
      t.is(a.tryReceive(), undefined);
      t.false(a.trySend(1));
      const ready = new Channel<number>(1);
      ready.send(1);
      const cancelled = spawn(() => {
        currentTask()?.cancel();
        select([{ receive: ready }]);
      });
      t.throws(() => cancelled.join(), { name: 'AbortError' });
      t.is(ready.length, 1);
    },
    { schedules: 20 },
  );
});

test('two selects meet, and one does not meet itself', async (t) => {
  await simulate(
    () => {
      const a = new Channel<string>();
      const b = new Channel<string>();
      const alone = spawn(() =>
        select([{ send: a, value: 'self' }, { receive: a }, { after: 100 }]),
      );
      t.is(alone.join().index, 2);
      const left = spawn(() => select([{ send: a, value: 'l' }, { receive: b }]));
      const right = spawn(() => select([{ receive: a }, { send: b, value: 'r' }]));
      const [one, other] = [left.join(), right.join()];
      t.is(one.index, other.index);
    },
    { schedules: 200 },
  );
});

test('the same channel and the same promise may stand in several cases', async (t) => {
  await simulate(
    () => {
      const channel = new Channel<number>();
      const task = spawn(() => select([{ receive: channel }, { receive: channel }]));
      channel.send(1);
      t.deepEqual(task.join().value, { done: false, value: 1 });
      t.false(channel.trySend(2));
      const promise = Promise.resolve(3);
      t.is(select([{ settled: promise }, { settled: promise }]).value, 3);
    },
    { schedules: 50 },
  );
});

test('a select in a loop leaves one reaction in a promise that stays pending', async (t) => {
  let subscriptions = 0;
  const pending = {
    then: () => {
      subscriptions++;
    },
  } as unknown as PromiseLike<never>;
  await simulate(
    () => {
      for (let i = 0; i < 100; i++) {
        t.is(select([{ settled: pending }, { after: 1 }]).index, 1);
      }
    },
    { schedules: 1 },
  );
  t.is(subscriptions, 1);
});

test('several tasks may select on one promise', async (t) => {
  await simulate(
    () => {
      let resolve: (value: number) => void = () => undefined;
      const promise = new Promise<number>((settle) => (resolve = settle));
      const tasks = [1, 2, 3].map(() => spawn(() => select([{ settled: promise }]).value));
      yieldNow();
      resolve(4);
      t.deepEqual(
        tasks.map((task) => task.join()),
        [4, 4, 4],
      );
    },
    { schedules: 50 },
  );
});
