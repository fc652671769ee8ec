// Errors that nobody catches.
import test from 'ava';

import { answerOf } from '../helpers/answer';
import { runChild } from '../helpers/child';

test('an error that leaves a fiber and the program ends the process with its trace', async (t) => {
  const { code, signal, stderr } = await runChild(({ Fiber }) => {
    const fiber = new Fiber(() => {
      Fiber.yield();
      throw new Error('thrown in a fiber');
    });
    fiber.resume();
    fiber.resume();
  });
  t.is(signal, null);
  t.is(code, 1);
  t.regex(stderr, /Error: thrown in a fiber\n +at/);
});

test("'uncaughtException' gets an error that leaves a fiber, and the process goes on", async (t) => {
  const answer = await answerOf(t, ({ Fiber }) => {
    const seen: string[] = [];
    process.on('uncaughtException', (error) => seen.push(error.message));
    const fibers = [1, 2].map(
      (i) =>
        new Fiber(() => {
          Fiber.yield();
          throw new Error(`thrown ${i}`);
        }),
    );
    for (const fiber of fibers) fiber.resume();
    setTimeout(() => fibers[0]!.resume(), 1);
    setTimeout(() => fibers[1]!.resume(), 2);
    setTimeout(() => {
      console.log(
        JSON.stringify([seen, fibers.map((fiber) => fiber.state), new Fiber(() => 1).resume()]),
      );
    }, 20);
  });
  t.deepEqual(answer, [['thrown 1', 'thrown 2'], ['finished', 'finished'], 1]);
});

test("a handler of 'uncaughtException' may run and resume fibers", async (t) => {
  const answer = await answerOf(t, ({ Fiber }) => {
    const handler = new Fiber(() => {
      const seen: unknown[] = [];
      for (let i = 0; i < 2; i++) seen.push(Fiber.yield<Error>().message);
      console.log(JSON.stringify(seen));
    });
    handler.resume();
    process.on('uncaughtException', (error) => handler.resume(error));
    for (const i of [1, 2]) {
      const fiber = new Fiber(() => {
        throw new Error(`thrown ${i}`);
      });
      setTimeout(() => fiber.resume(), i);
    }
  });
  t.deepEqual(answer, ['thrown 1', 'thrown 2']);
});

test('an error thrown in a timer goes nowhere near a fiber that sleeps', async (t) => {
  const answer = await answerOf(t, ({ Fiber }) => {
    const seen: string[] = [];
    process.on('uncaughtException', (error) => seen.push(error.message));
    const fiber = new Fiber(() => {
      try {
        Fiber.yield();
        return 'resumed';
      } catch {
        return 'caught';
      }
    });
    fiber.resume();
    setTimeout(() => {
      throw new Error('of the timer');
    }, 1);
    setTimeout(() => console.log(JSON.stringify([seen, fiber.resume()])), 10);
  });
  t.deepEqual(answer, [['of the timer'], 'resumed']);
});
