import { AsyncLocalStorage } from 'node:async_hooks';
import test from 'ava';
import {
  answer,
  effect,
  Fiber,
  handle,
  on,
  spawn,
  type Clause,
  type Continuation,
} from 'greenfiber';

import { answerOf } from '../helpers/answer';
import { refused, stillWorks } from '../helpers/codes';
import { addonPath } from '../helpers/test-addon';

const Ask = effect<string, number>('Ask');

function keep(body: () => unknown): Continuation<number, unknown> {
  let kept: Continuation<number, unknown> | undefined;
  handle(
    body,
    on(Ask, (_, k) => void (kept = k)),
  );
  return kept!;
}

test('an effect that nobody handles is an error at perform, which names it', (t) => {
  const error = refused(t, 'ERR_EFFECT_UNHANDLED', () => Ask.perform('?'));
  t.regex(error!.message, /"Ask"/);
  refused(t, 'ERR_EFFECT_UNHANDLED', () => new Fiber(() => Ask.perform('?')).resume());
  const caught = handle(
    () => {
      try {
        return Ask.perform('?');
      } catch {
        return -1;
      }
    },
    answer(effect('Other'), () => undefined),
  );
  t.is(caught, -1, 'it is thrown inside the body');
  stillWorks(t);
});

test('a continuation can be continued once, in whatever way', (t) => {
  for (const use of [
    (k: Continuation<number, unknown>) => k.resume(1),
    (k: Continuation<number, unknown>) => k.return(),
  ]) {
    const k = keep(() => Ask.perform('?'));
    use(k);
    refused(t, 'ERR_CONTINUATION_USED', () => k.resume(1));
    refused(t, 'ERR_CONTINUATION_USED', () => k.throw(1));
    t.is(k.return(), undefined);
    const error = refused(t, 'ERR_CONTINUATION_USED', () =>
      handle<unknown>(
        () => Ask.perform('?'),
        on(Ask, (_, other) => {
          other.return();
          return k.tailResume(1);
        }),
      ),
    );
    t.regex(error!.message, /"Ask"/);
  }
  const failed = keep(() => Ask.perform('?'));
  t.throws(() => failed.throw(new Error('x')), { message: 'x' });
  refused(t, 'ERR_CONTINUATION_USED', () => failed.resume(1));
  stillWorks(t);
});

test('a continuation that runs cannot be continued', (t) => {
  const codes: unknown[] = [];
  const k = keep(() => {
    Ask.perform('?');
    for (const use of [() => k.resume(1), () => k.throw(1)]) {
      try {
        use();
      } catch (error) {
        codes.push((error as { code: string }).code);
      }
    }
    k.return();
    return 'body';
  });
  t.is(k.resume(1), 'body');
  t.deepEqual(codes, ['ERR_CONTINUATION_USED', 'ERR_CONTINUATION_USED']);
});

test('arguments of the wrong kind are refused by name', (t) => {
  const body = (): unknown => 1;
  const wrong = undefined as never;
  const error = (call: () => unknown): string =>
    refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', call)?.message ?? '';
  t.regex(
    error(() => effect(1 as never)),
    /^name /,
  );
  t.regex(
    error(() => handle(wrong)),
    /^body /,
  );
  t.regex(
    error(() => handle(body, wrong)),
    /^clauses\[0\] /,
  );
  t.regex(
    error(() =>
      handle(
        body,
        answer(Ask, () => 1),
        {} as Clause<unknown>,
      ),
    ),
    /^clauses\[1\] /,
  );
  t.regex(
    error(() => on({} as never, () => 1)),
    /^effect /,
  );
  t.regex(
    error(() => on(Ask, wrong)),
    /^run /,
  );
  t.regex(
    error(() => answer(Ask, 5 as never)),
    /^run /,
  );
  const twice = refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () =>
    handle(
      body,
      answer(Ask, () => 1),
      answer(Ask, () => 2),
    ),
  );
  t.regex(twice!.message, /"Ask"/);
});

test('a handler without clauses runs its body', (t) => {
  t.is(
    handle(() => 5),
    5,
  );
});

test('where microtasks are drained inside the body nothing can be suspended, and everything goes on', async (t) => {
  const answers = await answerOf(
    t,
    `
    const { effect, Fiber, generate, handle, on } = require('greenfiber');
    const addon = require(${JSON.stringify(addonPath('v8_addon'))});
    const Ask = effect('Ask');
    const seen = [];
    const attempt = (call) => {
      try {
        seen.push(call());
      } catch (error) {
        seen.push(error.code);
      }
    };
    const drain = (call) => {
      Promise.resolve().then(() => attempt(call));
      addon.performCheckpoint();
    };
    const result = handle(() => {
      drain(() => Ask.perform());
      new Fiber(() => drain(() => new Fiber(() => Ask.perform()).resume())).resume();
      for (const value of generate((emit) => { drain(() => emit('never')); emit('emitted'); })) seen.push(value);
      return Ask.perform();
    }, on(Ask, (_, k) => k.resume('performed')));
    console.log(JSON.stringify([...seen, result]));`,
  );
  const refusal = 'ERR_FIBER_NOT_YIELDABLE';
  t.deepEqual(answers, [refusal, refusal, refusal, 'emitted', 'performed']);
});

test('a task has no handlers but its own', async (t) => {
  const code = await handle(
    () =>
      spawn(() => {
        try {
          return Ask.perform('?');
        } catch (error) {
          return (error as { code: string }).code;
        }
      }),
    answer(Ask, () => 1),
  );
  t.is(code, 'ERR_EFFECT_UNHANDLED');
});

test('a handled body cannot be left by transfer, and goes on', (t) => {
  const other = new Fiber(() => 'other');
  const result = handle(
    () => {
      refused(t, 'ERR_FIBER_TRANSFER', () => other.transfer());
      return Ask.perform('?');
    },
    on(Ask, (_, k) => k.resume(1)),
  );
  t.is(result, 1);
  t.is(other.resume(), 'other');
});

test('a fiber of a handled body that transfers away is what the end of the other comes back to', (t) => {
  const result = handle(
    () => new Fiber(() => [new Fiber(() => 'elsewhere').transfer(), Ask.perform('?')]).resume(),
    answer(Ask, () => 1),
  );
  t.deepEqual(result, ['elsewhere', 1]);
  stillWorks(t);
});

test('a fiber inside a sleeping continuation belongs to it', (t) => {
  let inner: Fiber | undefined;
  const k = keep(() => {
    inner = new Fiber(() => Ask.perform('?'));
    return inner.resume();
  });
  t.is(inner!.state, 'suspended');
  refused(t, 'ERR_FIBER_RUNNING', () => inner!.resume());
  refused(t, 'ERR_FIBER_RUNNING', () => inner!.throw(1));
  refused(t, 'ERR_FIBER_RUNNING', () => inner!.return());
  refused(t, 'ERR_FIBER_TRANSFER', () => inner!.transfer());
  t.is(k.resume(3), 3);
  t.true(inner!.done);
});

test('a body that swallows FiberKilled and goes on performing is terminated: return always ends', async (t) => {
  const ended = await answerOf(t, ({ effect, handle, on, stats }) => {
    const Ask = effect<string, number>('Ask');
    let raised = 0;
    let kept: import('greenfiber').Continuation<number, unknown> | undefined;
    handle<unknown>(
      () => {
        for (;;) {
          try {
            Ask.perform('?');
          } catch {
            raised++;
          }
        }
      },
      on(Ask, (_: string, k) => void (kept = k)),
    );
    kept!.return();
    const { alive, continuations } = stats();
    console.log(JSON.stringify({ raised, alive, continuations }));
  });
  t.deepEqual(ended, { raised: 100, alive: 0, continuations: 0 });
});

test('every suspension of a body that is being dropped raises, also through handlers of its own', (t) => {
  const Inner = effect('Inner');
  const codes: unknown[] = [];
  const attempt = (call: () => unknown): void => {
    try {
      call();
      codes.push('went through');
    } catch (error) {
      codes.push((error as { code: string }).code);
    }
  };
  const k = keep(() => {
    try {
      Ask.perform('?');
    } finally {
      attempt(() => Ask.perform('again'));
      attempt(() => new Fiber(() => Ask.perform('from a fiber')).resume());
      attempt(() =>
        handle(
          () => {
            Inner.perform();
          },
          on(Inner, (_, inner) => inner.resume()),
        ),
      );
    }
  });
  k.return();
  t.deepEqual(codes, ['ERR_FIBER_KILLED', 'ERR_FIBER_KILLED', 'went through']);
});

const overflow = `
  const { effect, Fiber, handle, on, stats } = require('greenfiber');
  const Op = effect('Op');
  const run = (n) => handle(
    () => { for (let i = 0; i < n; i++) Op.perform(i); return 0; },
    on(Op, (_, k) => 1 + k.resume()),
  );
`;

test('resumes that wait for each other end in a RangeError, on any stack, and not in a crash', async (t) => {
  const answers = await answerOf(
    t,
    `${overflow}
    const before = stats().alive;
    const seen = [];
    const attempt = (call) => { try { seen.push(call()); } catch (error) { seen.push(error.name); } };
    for (let i = 0; i < 20; i++) {
      attempt(() => run(1e7));
      attempt(() => new Fiber(() => run(1e7)).resume());
    }
    attempt(() => run(200));
    attempt(() => new Fiber(() => run(10_000), { stackSize: 16 << 20 }).resume());
    console.log(JSON.stringify([...new Set(seen)]));
    if (stats().continuations > 40) throw new Error(JSON.stringify(stats()));
  `,
  );
  t.deepEqual(answers, ['RangeError', 200, 10_000]);
});

test('a perform that finds the stack full is a RangeError in the body', async (t) => {
  const answers = await answerOf(
    t,
    `${overflow}
    let caught = 0;
    const dive = () => { try { dive(); } catch (error) { if (!(error instanceof RangeError)) throw error; caught++; } Op.perform(0); };
    try {
      handle(dive, on(Op, (_, k) => k.tailResume()));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
    console.log(caught > 0);
  `,
  );
  t.is(answers, true);
});

test('nested handlers have the limit of nested fibers', async (t) => {
  const answers = await answerOf(
    t,
    `${overflow}
    Error.stackTraceLimit = 0; // ten thousand spliced traces are not what this is about
    let deepest = 0;
    const nest = (level) => { deepest = level; return handle(() => nest(level + 1), on(Op, (_, k) => k.resume())); };
    try { nest(0); } catch (error) { console.log(JSON.stringify([error.code, deepest > 1000, stats().alive])); }
  `,
  );
  t.deepEqual(answers, ['ERR_FIBER_NESTING', true, 0]);
});

test('AsyncLocalStorage: the body keeps its store over perform, and the handler its own', (t) => {
  const storage = new AsyncLocalStorage<string>();
  const log: (string | undefined)[] = [];
  storage.run('handler', () => {
    handle(
      () => {
        log.push(storage.getStore());
        storage.run('body', () => {
          new Fiber(() => {
            Ask.perform('?');
            log.push(storage.getStore());
          }).resume();
          storage.enterWith('changed');
          Ask.perform('?');
          log.push(storage.getStore());
        });
      },
      on(Ask, (_, k) => {
        log.push(storage.getStore());
        storage.run('clause', () => k.resume(1));
        log.push(storage.getStore());
      }),
    );
  });
  t.deepEqual(log, ['handler', 'handler', 'body', 'clause', 'changed', 'clause', 'handler']);
});

for (const fault of ['calibration,locker', 'self-test,locker']) {
  test(`where fibers are unsupported (${fault}), so are effects`, async (t) => {
    const answers = await answerOf(
      t,
      `const { effect, generate, handle, stats } = require('greenfiber');
      const attempt = (call) => { try { return call(); } catch (error) { return error.code; } };
      console.log(JSON.stringify([
        attempt(() => effect('Ask').perform()),
        attempt(() => handle(() => 1)),
        attempt(() => generate(() => 1).next()),
        stats().continuations,
      ]));`,
      { env: { GREENFIBER_FAULT: fault, GREENFIBER_ENGINE: '' } },
    );
    const refusal = 'ERR_FIBER_UNSUPPORTED';
    t.deepEqual(answers, [refusal, refusal, refusal, 0]);
  });
}
