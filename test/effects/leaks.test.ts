// Continuations that nobody continues: seen by stats() and at exit, and unwound once nobody can continue them.
import test from 'ava';
import { effect, Fiber, handle, on, stats, type Continuation } from 'greenfiber';

import { answerOf } from '../helpers/answer';
import { runChild } from '../helpers/child';

const minor = (): void => gc!({ type: 'minor' } as never);

test('stats() counts the continuations that sleep', (t) => {
  const Ask = effect<string, number>('Ask');
  const kept: Continuation<number, unknown>[] = [];
  const before = stats().continuations;
  for (let i = 0; i < 10; i++) {
    handle<unknown>(
      () => Ask.perform('?'),
      on(Ask, (_, k) => void kept.push(k)),
    );
  }
  t.is(stats().continuations, before + 10);
  kept.pop()!.resume(1);
  t.throws(() => kept.pop()!.throw(new Error('x')));
  t.is(stats().continuations, before + 8);
  for (const k of kept) k.return();
  t.is(stats().continuations, before);
});

test('a continuation that the garbage collector finds is unwound, with a warning that says where it slept', async (t) => {
  const { code, signal, stdout, stderr } = await runChild(({ effect, handle, on, stats }) => {
    const Ask = effect<string, number>('Ask');
    const log: string[] = [];
    const abandon = (name: string): void =>
      handle(
        function abandonedBody() {
          try {
            Ask.perform('?');
          } catch (error) {
            log.push(name);
            throw name === 'b' ? new Error('of clean-up') : error;
          }
        },
        on(Ask, () => undefined),
      );
    for (let i = 0; i < 40; i++) abandon('a');
    abandon('b');
    let rounds = 0;
    const round = (): void => {
      gc!();
      if (stats().continuations > 0 && rounds++ < 200) {
        setTimeout(round, 5);
        return;
      }
      console.log(JSON.stringify([log.length, stats().continuations, stats().alive]));
    };
    round();
  });
  t.deepEqual({ code, signal }, { code: 0, signal: null });
  t.deepEqual(JSON.parse(stdout), [41, 0, 0]);
  t.regex(stderr, /FiberWarning: .*neither continued nor dropped[^]*abandonedBody/);
  t.regex(stderr, /clean-up threw Error: of clean-up/);
});

test('one that is kept and continued, or dropped, is left alone by the collector', async (t) => {
  const answers = await answerOf(t, ({ effect, handle, on, stats }) => {
    const Ask = effect<string, number>('Ask');
    type K = import('greenfiber').Continuation<number, number>;
    let kept: K | undefined;
    let total = 0;
    handle<number>(
      () => {
        for (let i = 0; i < 20; i++) total += Ask.perform('?');
        return total;
      },
      on(Ask, (_: string, k: K) => {
        kept = k;
        return -1;
      }),
    );
    let rounds = 0;
    const round = (): void => {
      gc!();
      const answer = kept!.resume(1);
      if (rounds++ < 19) setTimeout(round, 1);
      else console.log(JSON.stringify([answer, total, stats().continuations]));
    };
    setTimeout(round, 1);
  });
  t.deepEqual(answers, [20, 20, 0]);
});

test('GREENFIBER_DEBUG=1 reports the bodies that sleep at exit', async (t) => {
  const { code, stderr } = await runChild(
    ({ effect, handle, on }) => {
      const Ask = effect<string, number>('Ask');
      const keep: unknown[] = [];
      handle(
        function bodyThatIsLeft() {
          Ask.perform('?');
        },
        on(Ask, (_: string, k) => void keep.push(k)),
      );
      (globalThis as { keep?: unknown }).keep = keep;
    },
    { env: { GREENFIBER_DEBUG: '1' } },
  );
  t.is(code, 0);
  t.regex(stderr, /1 fiber were still suspended at exit[^]*bodyThatIsLeft/);
});

test('collections of both kinds while continuations of several fibers sleep change nothing', (t) => {
  const Ask = effect<object, { value: number }>('Ask');
  const kept: Continuation<{ value: number }, number>[] = [];
  const total = (k: number): number =>
    handle(
      () => {
        const objects = Array.from({ length: 20 }, (_, i) => ({ value: i + k }));
        const fiber = new Fiber<number, number>(() =>
          objects.reduce((sum, object) => sum + object.value + Ask.perform({ k }).value, 0),
        );
        return handle(
          () => fiber.resume(),
          on(effect('Other'), () => 0),
        );
      },
      on(Ask, (_, continuation) => {
        kept.push(continuation);
        return -1;
      }),
    );
  for (let k = 0; k < 40; k++) total(k);
  const results: number[] = [];
  for (let round = 0; kept.length > 0; round++) {
    minor();
    if (round % 5 === 0) gc!();
    for (const k of kept.splice(0)) {
      const result = k.resume({ value: 1 });
      if (result !== -1) results.push(result);
    }
  }
  t.deepEqual(
    results,
    Array.from({ length: 40 }, (_, k) => 190 + 20 * k + 20),
  );
});

test('an environment that ends while continuations sleep runs no finally blocks and does not crash', async (t) => {
  const answers = await answerOf(
    t,
    `const { Worker } = require('node:worker_threads');
    const worker = new Worker(\`
      const { effect, Fiber, handle, on } = require('greenfiber');
      const Ask = effect('Ask');
      const keep = globalThis.keep = [];
      for (let i = 0; i < 20; i++) {
        handle(() => { try { new Fiber(() => Ask.perform()).resume(); } finally { console.log('no'); } },
          on(Ask, (_, k) => { keep.push(k); }));
      }
    \`, { eval: true });
    worker.on('exit', (code) => console.log(code));`,
  );
  t.is(answers, 0);
});
