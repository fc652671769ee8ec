import test from 'ava';
import { answer, effect, Fiber, handle, on, stats, type Continuation } from 'greenfiber';

const Ask = effect<string, number>('Ask');
const Tell = effect<string>('Tell');

test('perform answers what the handler resumes with, and handle what the body returns', (t) => {
  const asked: string[] = [];
  const result = handle(
    () => Ask.perform('one') + Ask.perform('two') * 10,
    on(Ask, (question, k) => {
      asked.push(question);
      return k.resume(asked.length);
    }),
  );
  t.is(result, 21);
  t.deepEqual(asked, ['one', 'two']);
});

test('a clause sees what the rest of the body answers, and may change it', (t) => {
  const result = handle(
    () => [Ask.perform('a'), Ask.perform('b')].join(),
    on(Ask, (question, k) => `${question}(${k.resume(question.charCodeAt(0))})`),
  );
  t.is(result, 'a(b(97,98))');
});

test('a clause that does not resume answers from handle', (t) => {
  let cleaned = false;
  const result = handle(
    () => {
      try {
        return Ask.perform('?');
      } finally {
        cleaned = true;
      }
    },
    on(Ask, (_, k) => {
      k.return();
      t.true(cleaned, 'return() runs finally blocks at once');
      return -1;
    }),
  );
  t.is(result, -1);
});

test('an effect is performed at any call depth and through built-ins', (t) => {
  const result = handle(
    () => [
      [3, 1, 2].sort((a, b) => Ask.perform(`${a}-${b}`)).join(''),
      'a-b'.replace(/\w/g, (x) => String(Ask.perform(`${x}-0`))),
      JSON.stringify({ toJSON: () => Ask.perform('7-0') }),
    ],
    on(Ask, (question, k) => {
      const [a, b] = question.split('-').map((x) => parseInt(x, 36));
      return k.resume(a! - b!);
    }),
  );
  t.deepEqual(result, ['123', '10-11', '7']);
});

test('a continuation spans every fiber between perform and the handler', (t) => {
  const result = handle(
    () => {
      const log: unknown[] = [];
      const outer = new Fiber(() => {
        const inner = new Fiber((x) => {
          log.push(Ask.perform('inner'));
          log.push(Fiber.yield(`yielded ${String(x)}`));
          log.push(Ask.perform('again'));
          return 'inner ended';
        });
        log.push(inner.resume('x'));
        log.push(Fiber.yield('outer yielded'));
        log.push(inner.resume('y'));
        return log;
      });
      log.push(outer.resume());
      return outer.resume('z');
    },
    on(Ask, (question, k) => k.resume(question.length)),
  );
  t.deepEqual(result, [5, 'yielded x', 'outer yielded', 'z', 'y', 5, 'inner ended']);
});

test('a fiber performs to the handler around whoever resumed it last', (t) => {
  const fiber = new Fiber(() => {
    for (;;) Fiber.yield(Ask.perform('who?'));
  });
  const under = (name: number): unknown =>
    handle(
      () => fiber.resume(),
      on(Ask, (_, k) => k.resume(name)),
    );
  t.deepEqual([under(1), under(2), under(3)], [1, 2, 3]);
  t.throws(() => fiber.resume(), { code: 'ERR_EFFECT_UNHANDLED' });
  t.true(fiber.done, 'the error left it');
});

test('the innermost handler of a tag wins, and other tags pass it', (t) => {
  const log: string[] = [];
  const result = handle(
    () =>
      handle(
        () => {
          Tell.perform('out');
          return (
            Ask.perform('in') +
            handle(
              () => Ask.perform('innermost'),
              answer(Ask, () => 100),
            )
          );
        },
        on(Ask, (_, k) => k.resume(1)),
      ) + Ask.perform('outer'),
    on(Ask, (_, k) => k.resume(10)),
    on(Tell, (text, k) => {
      log.push(text);
      return k.resume();
    }),
  );
  t.is(result, 111);
  t.deepEqual(log, ['out']);
});

test('a clause runs outside of the body: its own effects go to handlers further out', (t) => {
  const result = handle(
    () =>
      handle(
        () => Ask.perform('x'),
        on(Ask, (question, k) => k.resume(Ask.perform(`${question}!`) + 1)),
        answer(Tell, () => t.fail()),
      ),
    on(Ask, (question, k) => k.resume(question.length * 10)),
  );
  t.is(result, 21);
});

test('a continuation of several handled bodies is resumed as a whole', (t) => {
  const Stop = effect<undefined, number>('Stop');
  let kept: Continuation<number, number> | undefined;
  const log: string[] = [];
  const first = handle(
    () =>
      handle(
        () => {
          try {
            return Ask.perform('a') + Stop.perform(undefined) + Ask.perform('b');
          } finally {
            log.push('inner ends');
          }
        },
        on(Ask, (question, k) => {
          const result = k.resume(question === 'a' ? 1 : 2);
          log.push(`after ${question}`);
          return result;
        }),
      ),
    on(Stop, (_, k) => {
      kept = k;
      return -1;
    }),
  );
  t.is(first, -1);
  t.deepEqual(log, []);
  t.is(kept!.resume(40), 43);
  t.deepEqual(log, ['inner ends', 'after b', 'after a']);
});

test('a continuation is kept and resumed after its handler has returned, from elsewhere', (t) => {
  const start = (): Continuation<number, number> => {
    let kept: Continuation<number, number> | undefined;
    handle(
      () => Ask.perform('1') + Ask.perform('2'),
      on(Ask, (_, k) => {
        kept = k;
        return 0;
      }),
    );
    return kept!;
  };
  // The handler is deep: the second effect makes the first call of resume answer 0.
  let k = start();
  t.false(k.used);
  t.is(k.resume(1), 0);
  t.true(k.used);

  k = start();
  t.is(new Fiber(() => k.resume(1)).resume(), 0, 'from another fiber');
  k = start();
  t.is(
    handle(
      () => k.resume(1),
      on(Ask, () => t.fail()),
    ),
    0,
    'under another handler of the same tag',
  );
  t.true(stats().continuations >= 3, 'the second effects sleep on');
});

test('continuations wait in a queue, as threads do', (t) => {
  const Yield = effect('Yield');
  const queue: (() => void)[] = [];
  const log: string[] = [];
  const spawn = (name: string): void =>
    handle(
      () => {
        for (let i = 0; i < 3; i++) {
          log.push(`${name}${i}`);
          Yield.perform();
        }
      },
      on(Yield, (_, k) => void queue.push(() => k.resume())),
    );
  spawn('a');
  spawn('b');
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) next();
  t.is(log.join(' '), 'a0 b0 a1 b1 a2 b2');
});

test('throw raises at perform, and an error that leaves the body leaves handle: the same object', (t) => {
  const error = new Error('from the clause');
  const clause = on(Ask, (_: string, k: Continuation<number, unknown>) => k.throw(error));
  const caught = handle<unknown>(() => {
    try {
      return Ask.perform('?');
    } catch (raised) {
      return raised;
    }
  }, clause);
  t.is(caught, error);
  t.is(
    t.throws(() => handle(() => Ask.perform('?') as unknown, clause)),
    error,
  );
});

test('an error of a clause leaves handle, and the body sleeps on until it is dropped', (t) => {
  const error = new Error('clause');
  let kept: Continuation<number, number> | undefined;
  const log: string[] = [];
  const thrown = t.throws(() =>
    handle(
      () => {
        try {
          return Ask.perform('?');
        } finally {
          log.push('finally');
        }
      },
      on(Ask, (_, k) => {
        kept = k;
        throw error;
      }),
    ),
  );
  t.is(thrown, error);
  t.deepEqual(log, []);
  kept!.return();
  t.deepEqual(log, ['finally']);
});

test('an error of an inner clause passes through the body that performed further out', (t) => {
  const log: string[] = [];
  const result = handle(
    () => {
      try {
        return handle(
          () => Tell.perform('x'),
          on(Tell, () => {
            Ask.perform('first');
            throw new Error('inner clause');
          }),
        );
      } catch (error) {
        log.push((error as Error).message);
        return 'caught';
      }
    },
    on(Ask, (_, k) => k.resume(1)),
  );
  t.is(result, 'caught');
  t.deepEqual(log, ['inner clause']);
});

test("the stack trace of an error that leaves handle shows the body's frames and the caller's", (t) => {
  function bodyOfTest(): number {
    return Ask.perform('?');
  }
  function callerOfTest(): number {
    return handle(
      bodyOfTest,
      on(Ask, (_, k) => k.throw(new Error('traced'))),
    );
  }
  const error = t.throws(callerOfTest);
  t.regex(error.stack!, /callerOfTest/);
});

test('return unwinds every fiber of the continuation, and answers what was asked for', (t) => {
  const log: string[] = [];
  let kept: Continuation<number, unknown> | undefined;
  const run = (): unknown =>
    handle<unknown>(
      () => {
        try {
          return new Fiber(() => {
            try {
              return Ask.perform('?');
            } finally {
              log.push('inner');
            }
          }).resume();
        } finally {
          log.push('outer');
        }
      },
      on(Ask, (_, k) => void (kept = k)),
    );
  const { alive } = stats();
  run();
  t.is(kept!.return('answer'), 'answer');
  t.deepEqual(log, ['inner', 'outer']);
  t.is(stats().alive, alive, 'the stacks are back');
  t.true(kept!.used);
  t.is(kept!.return('again'), 'again', 'a second return does nothing');
});

test('a body that catches FiberKilled answers return, and any other error is thrown', (t) => {
  const keep = (body: () => string): Continuation<number, string> => {
    let kept: Continuation<number, string> | undefined;
    handle(
      body,
      on(Ask, (_, k) => {
        kept = k;
        return '';
      }),
    );
    return kept!;
  };
  const catching = keep(() => {
    try {
      return String(Ask.perform('?'));
    } catch {
      return 'caught it';
    }
  });
  t.is(catching.return('unused'), 'caught it');
  const failing = keep(() => {
    try {
      return String(Ask.perform('?'));
    } finally {
      // eslint-disable-next-line no-unsafe-finally -- on purpose
      throw new Error('clean-up failed');
    }
  });
  t.throws(() => failing.return(), { message: 'clean-up failed' });
});

test('a continuation tells where it sleeps', (t) => {
  handle<unknown>(
    function bodyThatAsks() {
      return new Fiber(function fiberThatAsks() {
        return Ask.perform('?');
      }).resume();
    },
    on(Ask, (_, k) => {
      t.regex(k.stack, /fiberThatAsks[^]*bodyThatAsks/);
      k.return();
      t.is(k.stack, '');
      return undefined;
    }),
  );
});
