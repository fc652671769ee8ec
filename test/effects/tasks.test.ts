import test from 'ava';
import {
  answer,
  effect,
  Fiber,
  generate,
  group,
  handle,
  on,
  shield,
  sleep,
  spawn,
  timeout,
  TimeoutError,
  wait,
  yieldNow,
  type Continuation,
} from 'greenfiber';

import { refused } from '../helpers/codes';

const Ask = effect<string, number>('Ask');

test('a task that blocks inside a handled body, a fiber of it or a clause parks as a whole', async (t) => {
  const log: string[] = [];
  const task = spawn(() =>
    handle(
      () => {
        sleep(1);
        log.push('body');
        const sum = new Fiber<number, number>(() => {
          yieldNow();
          return Ask.perform('from a fiber') + wait(Promise.resolve(10));
        }).resume();
        sleep(1);
        return sum;
      },
      on(Ask, (question, k) => {
        sleep(1);
        log.push(question);
        const result = k.resume(wait(Promise.resolve(1)));
        sleep(1);
        return result + 100;
      }),
    ),
  );
  let turns = 0;
  const other = spawn(() => {
    while (!task.done) {
      turns++;
      sleep(0);
    }
  });
  t.is(await task, 111);
  await other;
  t.deepEqual(log, ['body', 'from a fiber']);
  t.true(turns >= 2, 'others ran meanwhile');
});

test('many tasks with handlers interleave, each with its own', async (t) => {
  const tasks = Array.from({ length: 50 }, (_, id) =>
    spawn(() => {
      let state = id;
      return handle(
        () => {
          for (let i = 0; i < 20; i++) {
            t.is(Ask.perform('next'), id + i);
            yieldNow();
          }
          return state;
        },
        answer(Ask, () => {
          yieldNow();
          return state++;
        }),
      );
    }),
  );
  t.deepEqual(
    await Promise.all(tasks),
    tasks.map((_, id) => id + 20),
  );
});

test('a continuation of one task is resumed by another, and blocks that one', async (t) => {
  let kept: Continuation<number, string> | undefined;
  await spawn(() =>
    handle(
      () => {
        sleep(1);
        const value = Ask.perform('?');
        sleep(1);
        yieldNow();
        return `resumed with ${value}`;
      },
      on(Ask, (_, k) => {
        kept = k;
        return '';
      }),
    ),
  );
  t.is(await spawn(() => kept!.resume(5)), 'resumed with 5');
});

test('on the main stack a continuation of a task goes on, but cannot block', async (t) => {
  let kept: Continuation<number, unknown> | undefined;
  await spawn(() =>
    handle<unknown>(
      () => {
        Ask.perform('?');
        return refused(t, 'ERR_FIBER_NOT_IN_FIBER', () => sleep(1))?.code;
      },
      on(Ask, (_, k) => void (kept = k)),
    ),
  );
  t.is(kept!.resume(1), 'ERR_FIBER_NOT_IN_FIBER');
});

test('a timeout in the body sleeps with it: it is not around the handler', async (t) => {
  const result = await spawn(() =>
    handle<unknown>(
      () => {
        try {
          return timeout(5, () => {
            Ask.perform('?');
            sleep(60_000);
          });
        } catch (error) {
          return error;
        }
      },
      on(Ask, (_, k) => {
        sleep(20); // longer than the body's limit, which does not concern the handler
        return k.resume(1);
      }),
    ),
  );
  t.true(result instanceof TimeoutError, 'the body is told at its next blocking call');
});

test('a timeout around handle cancels the body and the clauses', async (t) => {
  const log: string[] = [];
  const task = spawn(() => {
    for (const where of ['body', 'clause']) {
      try {
        timeout(1, () =>
          handle(
            () => {
              try {
                if (where === 'body') sleep(60_000);
                return Ask.perform('?');
              } finally {
                log.push(where);
              }
            },
            on(Ask, (_, k) => {
              try {
                sleep(60_000);
                return 0;
              } finally {
                k.return();
              }
            }),
          ),
        );
      } catch (error) {
        log.push((error as { code: string }).code);
      }
    }
  });
  await task;
  t.deepEqual(log, ['body', 'ERR_TIMEOUT', 'clause', 'ERR_TIMEOUT']);
});

test('a continuation with a group or shield open can only be continued in its task, while that lives', async (t) => {
  let kept: Continuation<number, string> | undefined;
  let release: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const owner = spawn(() => {
    handle(
      () =>
        group((members) => {
          members.spawn(() => sleep(1));
          return shield(() => String(Ask.perform('?')));
        }),
      on(Ask, (_, k) => {
        kept = k;
        return '';
      }),
    );
    wait(gate);
    return kept!.resume(1);
  });
  await spawn(() => sleep(1));
  const code = await spawn(() => {
    const error = refused(t, 'ERR_CONTINUATION_SCOPE', () => kept!.resume(2));
    refused(t, 'ERR_CONTINUATION_SCOPE', () => kept!.return());
    return error?.code;
  });
  t.is(code, 'ERR_CONTINUATION_SCOPE');
  refused(t, 'ERR_CONTINUATION_SCOPE', () => kept!.throw(1));
  t.false(kept!.used, 'it can still be continued');
  release();
  t.is(await owner, '1');
});

test('a continuation whose task has ended is dropped by whoever likes', async (t) => {
  let kept: Continuation<number, unknown> | undefined;
  const log: string[] = [];
  await spawn(() =>
    handle<unknown>(
      () =>
        shield(() => {
          try {
            return Ask.perform('?');
          } finally {
            log.push('finally');
          }
        }),
      on(Ask, (_, k) => void (kept = k)),
    ),
  );
  kept!.return();
  t.deepEqual(log, ['finally']);
});

test('cancelling a task that sleeps inside a handled body unwinds body and handler', async (t) => {
  const log: string[] = [];
  const task = spawn(() => {
    try {
      handle(
        () => {
          try {
            for (const value of generate<number>((emit) => {
              try {
                emit(1);
                sleep(60_000);
              } finally {
                log.push('generator');
              }
            })) {
              log.push(String(value));
            }
          } finally {
            log.push('body');
          }
        },
        answer(Ask, () => 1),
      );
    } finally {
      log.push('task');
    }
  });
  await spawn(() => sleep(1));
  task.cancel();
  await t.throwsAsync(async () => task, { code: 'ABORT_ERR' });
  t.deepEqual(log, ['1', 'generator', 'body', 'task']);
});
