import test from 'ava';
import { answer, effect, handle, on, type Continuation } from 'greenfiber';

const Ask = effect<string, number>('Ask');

test('an answer is what perform answers, and its error what perform throws', (t) => {
  const run = (): string =>
    handle(
      () => {
        try {
          return String(Ask.perform('ok') + Ask.perform('bad'));
        } catch (error) {
          return `caught ${(error as Error).message}`;
        }
      },
      answer(Ask, (question) => {
        if (question === 'bad') throw new Error('refused');
        return 1;
      }),
    );
  t.is(run(), 'caught refused');
});

test('an answer runs outside of the body', (t) => {
  const result = handle(
    () =>
      handle(
        () => Ask.perform('x'),
        answer(Ask, (question) => Ask.perform(`${question}y`) + 1),
      ),
    answer(Ask, (question) => question.length),
  );
  t.is(result, 3);
});

test('a million tail calls pile up no stack, whichever way the clause is written', (t) => {
  const Get = effect<undefined, number>('Get');
  const Put = effect<number>('Put');
  const count = (): number => {
    while (Get.perform(undefined) < 250_000) Put.perform(Get.perform(undefined) + 1);
    return Get.perform(undefined);
  };
  let state = 0;
  t.is(
    handle(
      count,
      answer(Get, () => state),
      answer(Put, (value) => void (state = value)),
    ),
    250_000,
  );
  state = 0;
  t.is(
    handle(
      count,
      on(Get, (_, k) => k.tailResume(state)),
      on(Put, (value, k) => {
        state = value;
        return k.tailResume();
      }),
    ),
    250_000,
  );
});

test('tailThrow raises at perform, in the place of the clause', (t) => {
  let failures = 0;
  const result = handle(
    () => {
      for (let i = 0; i < 100_000; i++) {
        try {
          Ask.perform('?');
        } catch {
          failures++;
        }
      }
      return failures;
    },
    on(Ask, (_, k) => k.tailThrow('an error')),
  );
  t.is(result, 100_000);
});

test('a clause may go on with another continuation in its place: threads without a loop', (t) => {
  const Yield = effect('Yield');
  const queue: Continuation<void, string>[] = [];
  const thread = (name: string): string =>
    handle(
      () => {
        for (let i = 0; i < 20_000; i++) Yield.perform();
        return name;
      },
      on(Yield, (_, k) => {
        queue.push(k);
        if (queue.length < 2) return 'started';
        return queue.shift()!.tailResume();
      }),
    );
  t.is(thread('a'), 'started');
  t.is(thread('b'), 'a', "b's handler went on with a, and a ended first");
  t.is(queue.length, 1);
  t.is(queue.pop()!.resume(), 'b');
});
