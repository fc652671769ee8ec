/** iterate, and channels outside of tasks: what is asynchronous on one side only. */
import test from 'ava';
import { Channel, group, iterate, sleep, spawn, timeout, TimeoutError } from 'greenfiber';

import { runChild } from '../helpers/child';
import { caught, inTask } from '../helpers/in-task';

const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

test('an async generator is iterated in blocking style', async (t) => {
  async function* numbers(): AsyncGenerator<number> {
    for (let i = 1; i <= 3; i++) {
      await soon();
      yield i;
    }
  }
  await inTask(t, () => {
    t.deepEqual([...iterate(numbers())], [1, 2, 3]);
  });
});

test('a loop that is left early ends the generator, and waits for its end', async (t) => {
  const events: string[] = [];
  async function* numbers(): AsyncGenerator<number> {
    try {
      for (let i = 0; ; i++) yield i;
    } finally {
      await soon();
      events.push('closed');
    }
  }
  await inTask(t, () => {
    for (const i of iterate(numbers())) if (i === 2) break;
    t.deepEqual(events, ['closed']);
  });
});

test('what the source is rejected with is thrown, and the source is not asked to end', async (t) => {
  let returned = 0;
  const source = {
    [Symbol.asyncIterator]: () => ({
      next: async () => Promise.reject(new Error('broken')),
      return: async () => Promise.resolve({ done: true as const, value: returned++ }),
    }),
  };
  await inTask(t, () => {
    t.is((caught(() => [...iterate<unknown>(source)]) as Error).message, 'broken');
  });
  t.is(returned, 0);
});

test('a web stream is read, and cancelled by a loop that is left, or whose read is', async (t) => {
  const reasons: string[] = [];
  const stream = (chunks: number[]): ReadableStream<number> =>
    new ReadableStream({
      start: (controller) => {
        for (const chunk of chunks) controller.enqueue(chunk);
      },
      cancel: () => {
        reasons.push('cancelled');
      },
    });
  await inTask(t, () => {
    t.deepEqual([...iterate(new Blob(['abc']).stream())].map(String), ['97,98,99']);
    const left = stream([1, 2]);
    for (const chunk of iterate(left)) if (chunk === 1) break;
    t.deepEqual([reasons.length, left.locked], [1, false]);
    const asleep = stream([1]);
    t.true(caught(() => timeout(3, () => [...iterate(asleep)])) instanceof TimeoutError);
    sleep(1);
    t.deepEqual([reasons.length, asleep.locked], [2, false]);
  });
});

test('a source is not asked in a cancelled scope, nor outside of tasks', async (t) => {
  let asked = 0;
  const source = {
    [Symbol.asyncIterator]: () => ({
      next: async () => Promise.resolve({ done: false as const, value: asked++ }),
    }),
  };
  await inTask(t, () => {
    group((tasks) => {
      tasks.cancel();
      t.is((caught(() => iterate(source).next()) as Error).name, 'AbortError');
    });
  });
  t.throws(() => iterate(source).next(), { code: 'ERR_FIBER_NOT_IN_FIBER' });
  t.is(asked, 0);
  for (const wrong of [null, undefined, 5, {}, [1]]) {
    t.throws(() => iterate(wrong as never), { code: 'ERR_FIBER_INVALID_ARG_TYPE' });
  }
});

test('the rejection of a step that was given up is no unhandled one', async (t) => {
  const exit = await runChild(({ iterate, spawn, sleep, timeout }) => {
    const source = {
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          throw new Error('nobody waits for it');
        },
        return: async () => Promise.reject(new Error('nor for this')),
      }),
    };
    spawn(() => {
      try {
        timeout(1, () => [...iterate<unknown>(source)]);
      } catch {
        // not the matter
      }
      sleep(20);
    });
  });
  t.like(exit, { code: 0, signal: null, stderr: '' });
});

test('for await receives from a channel outside of tasks, until it ends', async (t) => {
  const channel = new Channel<number>();
  const sender = spawn(() => {
    for (const i of [1, 2, 3]) channel.send(i);
    channel.close();
  });
  const seen: number[] = [];
  for await (const i of channel) seen.push(i);
  await sender;
  t.deepEqual(seen, [1, 2, 3]);
});

test('who waits in for await waits in line with the tasks, and leaves the channel open', async (t) => {
  const channel = new Channel<string>();
  const seen: string[] = [];
  const outside = (async () => {
    for await (const item of channel) {
      seen.push(`outside ${item}`);
      break;
    }
  })();
  await inTask(t, () => {
    const inside = spawn(() => seen.push(`inside ${String(channel.receive().value)}`));
    sleep(1);
    channel.send('a');
    channel.send('b');
    inside.join();
  });
  await outside;
  t.deepEqual(seen.sort(), ['inside b', 'outside a']);
  t.false(channel.closed);
});

test('an iterator of a channel that is given up gives its place up', async (t) => {
  const channel = new Channel<number>();
  const iterator = channel[Symbol.asyncIterator]();
  const waiting = iterator.next();
  await iterator.return!();
  t.deepEqual(await waiting, { done: true, value: undefined });
  t.false(channel.trySend(1));
  const closing = iterator.next();
  channel.close();
  t.deepEqual(await closing, { done: true, value: undefined });
});
