// Stack traces: Error.prepareStackTrace that yields, long traces, async traces.
import test from 'ava';
import { Fiber } from 'greenfiber';

import { answerOf } from '../helpers/answer';

test('Error.prepareStackTrace may yield, and everybody else is formatted meanwhile', async (t) => {
  const answer = await answerOf(t, ({ Fiber }) => {
    Error.prepareStackTrace = (error) => {
      if (Fiber.current !== undefined) Fiber.yield();
      return `formatted ${error.message}`;
    };
    const fiber = new Fiber(() => new Error('A').stack);
    fiber.resume();
    const meanwhile = new Error('B').stack;
    const inner = fiber.resume();
    console.log(JSON.stringify([meanwhile, inner, new Error('C').stack]));
  });
  t.deepEqual(answer, ['formatted B', 'formatted A', 'formatted C']);
});

test('several fibers may be formatting at a time and end in any order', async (t) => {
  const answer = await answerOf(t, ({ Fiber }) => {
    Error.prepareStackTrace = (error, frames) => {
      if (Fiber.current !== undefined) Fiber.yield();
      return `${error.message} ${frames.length > 0}`;
    };
    const fibers = Array.from({ length: 10 }, (_, i) => new Fiber(() => new Error(`e${i}`).stack));
    for (const fiber of fibers) fiber.resume();
    gc!();
    const order = [3, 1, 4, 0, 5, 9, 2, 6, 8, 7];
    const stacks = order.map((i) => fibers[i]!.resume());
    console.log(JSON.stringify([stacks, new Error('main').stack]));
  });
  t.deepEqual(answer, [[3, 1, 4, 0, 5, 9, 2, 6, 8, 7].map((i) => `e${i} true`), 'main true']);
});

test('a fiber dropped, unwound or failed while it formats stops nobody from formatting', async (t) => {
  const answer = await answerOf(t, ({ Fiber }) => {
    Error.prepareStackTrace = (error) => {
      if (Fiber.current !== undefined) Fiber.yield();
      return `formatted ${error.message}`;
    };
    const make = () => new Fiber(() => new Error('x').stack);
    const [dropped, unwound, failed] = [make(), make(), make()];
    for (const fiber of [dropped, unwound, failed]) fiber.resume();
    unwound.return();
    try {
      failed.throw(new Error('thrown'));
    } catch {
      // expected
    }
    const next = make();
    next.resume();
    console.log(JSON.stringify([new Error('main').stack, next.resume()]));
  });
  t.deepEqual(answer, ['formatted main', 'formatted x']);
});

test('traces without a limit can be taken in fibers, deep and repeatedly', (t) => {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = Infinity;
  try {
    const deep = (level: number): number[] => {
      if (level > 0) return [...deep(level - 1)];
      const before = new Error('before').stack!;
      Fiber.yield();
      const after = new Error('after').stack!;
      return [before, after].map((stack) => stack.split('\n').length);
    };
    const fiber = new Fiber(() => deep(300));
    fiber.resume();
    t.true(new Error('main').stack!.split('\n').length < 100);
    const [before, after] = fiber.resume() as number[];
    t.true(before! > 300 && before! < 400, `${before}`);
    t.is(before, after);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
});

test('an async stack trace taken in a fiber shows the functions that await', async (t) => {
  const inner = async (): Promise<string> => {
    await Promise.resolve();
    const fiber = new Fiber(() => {
      Fiber.yield();
      return new Error('in fiber').stack!;
    });
    fiber.resume();
    return fiber.resume() as string;
  };
  const outerFunction = async (): Promise<string> => await inner();
  t.regex(await outerFunction(), /at async outerFunction/);
});

test('an error made while a fiber sleeps shows no frame of it', (t) => {
  const asleep = (): unknown => Fiber.yield();
  const fiber = new Fiber(() => asleep());
  fiber.resume();
  t.notRegex(new Error('main').stack!, /asleep/);
  fiber.resume();
});
