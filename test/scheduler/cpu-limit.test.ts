// cpuLimit(ms, fn): what uses too much of the processor is ended alone, wherever it is.
import { AsyncLocalStorage, AsyncResource, executionAsyncId } from 'node:async_hooks';

import type { ExecutionContext } from 'ava';
import {
  cpuLimit,
  CpuLimitError,
  FiberLocal,
  group,
  Mutex,
  Scheduler,
  shield,
  sleep,
  spawn,
  timeout,
  yieldNow,
} from 'greenfiber';

import { answerOf } from '../helpers/answer';
import { refused } from '../helpers/codes';
import { onDirect as test } from '../helpers/on-direct';

test('what stays within its limit is answered as it is, and so is what it throws', async (t) => {
  await spawn(() => {
    t.is(
      cpuLimit(1000, () => 42),
      42,
    );
    t.is(
      cpuLimit(Infinity, () => 42),
      42,
    );
    t.is(
      cpuLimit(1000, () => Promise.resolve(42)),
      42,
    );
    const error = new TypeError('mine');
    t.is(
      t.throws(() =>
        cpuLimit(1000, () => {
          throw error;
        }),
      ),
      error,
    );
  });
});

test('bad input is refused', async (t) => {
  refused(t, 'ERR_FIBER_NOT_IN_FIBER', () => cpuLimit(10, () => 1));
  refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () => cpuLimit(0, () => 1));
  refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () => cpuLimit(NaN, () => 1));
  refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => cpuLimit('10' as never, () => 1));
  refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () => new Scheduler({ cpuLimit: -1 }));
  await spawn(() => {
    refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => cpuLimit(10, 1 as never));
  });
});

test('the locker engine refuses a limit, where it is asked for', async (t) => {
  const answer = await answerOf(
    t,
    ({ cpuLimit, Scheduler, spawn }) => {
      const codeOf = (body: () => unknown): unknown => {
        try {
          return body();
        } catch (error) {
          return (error as NodeJS.ErrnoException).code;
        }
      };
      spawn(() => {
        const codes = [
          codeOf(() => cpuLimit(10, () => 1)),
          codeOf(() => cpuLimit(Infinity, () => 1)),
          codeOf(() => new Scheduler({ cpuLimit: 10 })),
        ];
        console.log(JSON.stringify(codes));
      });
    },
    { env: { GREENFIBER_ENGINE: 'locker' } },
  );
  t.deepEqual(answer, ['ERR_FIBER_UNSUPPORTED', 1, 'ERR_FIBER_UNSUPPORTED']);
});

test('it throws an error that can be caught, and names where it was', async (t) => {
  await spawn(() => {
    const error = t.throws(
      () =>
        cpuLimit(20, function spinning() {
          for (;;);
        }),
      { instanceOf: CpuLimitError, code: 'ERR_TASK_CPU_LIMIT' },
    );
    t.regex(error.message, /more than 20 ms of processor time, last at spinning \(/);
    t.regex(error.stack!, /^CpuLimitError: .*\n {4}at spinning \(.*cpu-limit\.test\.js:\d+:\d+\)/);
    t.notRegex(error.stack!, /dist\/scheduler/);
  });
});

test("all of a scheduler's tasks can have a limit", async (t) => {
  const scheduler = new Scheduler({ cpuLimit: 20 });
  const spinning = scheduler.spawn(() => {
    for (;;);
  });
  const fine = scheduler.spawn((a: number, b: number) => a + b, 1, 2);
  await t.throwsAsync(async () => spinning, { code: 'ERR_TASK_CPU_LIMIT' });
  t.is(await fine, 3);
});

test('what others use does not count, nor does sleep', async (t) => {
  const other = spawn(() => {
    const end = performance.now() + 300;
    while (performance.now() < end) yieldNow();
  });
  await spawn(() => {
    const answer = cpuLimit(100, () => {
      for (let i = 0; i < 30; i++) yieldNow();
      return 'within';
    });
    t.is(answer, 'within');
  });
  await other;
});

test('wherever it is, it is ended, and everything works after it', async (t) => {
  const answer = await answerOf(t, ({ cpuLimit, spawn, Fiber, generate, yieldNow }) => {
    const forever = (): never => {
      for (;;);
    };
    // (module (func (export "spin") (loop (br 0))))
    const bytes = '0061736d0100000001040160000003020100070801047370696e00000a0901070003400c000b0b';
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- no types of WebAssembly here
    const compile = new Function(
      'bytes',
      'return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports.spin',
    ) as (bytes: Buffer) => () => void;
    const spin = compile(Buffer.from(bytes, 'hex'));
    const places: Record<string, () => unknown> = {
      loop: forever,
      call: () => {
        for (;;) Math.max(1, 2);
      },
      'regular expression': () => /^(a+)+$/.test(`${'a'.repeat(40)}b`),
      replace: () => 'x'.repeat(40).replace(/(x+x+)+y/g, (match) => match),
      WebAssembly: spin,
      recursion: () => {
        const fork = (n: number): number => (n === 0 ? 1 : fork(n - 1) + fork(n - 1));
        return fork(60);
      },
      map: () => [1].map(forever),
      sort: () => [3, 2, 1].sort(forever),
      join: () => [{ toString: forever }].join(),
      toJSON: () => JSON.stringify({ toJSON: forever }),
      proxy: () => (new Proxy({}, { get: forever }) as { a: 1 }).a,
      getter: () => Object.defineProperty({} as { a: 1 }, 'a', { get: forever }).a,
      generator: () => {
        const steps = (function* () {
          for (;;) yield 1;
        })();
        for (const step of steps) Math.abs(step);
      },
      allocation: () => {
        const kept: unknown[] = [];
        for (;;) if (kept.push([kept.length]) > 10_000) kept.length = 0;
      },
      // eslint-disable-next-line @typescript-eslint/no-implied-eval -- code without a file
      'new Function': () => (new Function('for (;;);') as () => void)(),
      'async function': async () => {
        await Promise.resolve(forever());
      },
      'nested fibers': () => new Fiber(() => new Fiber(forever).resume()).resume(),
      'a fiber that yielded': () => {
        const fiber = new Fiber(() => {
          Fiber.yield();
          forever();
        });
        fiber.resume();
        fiber.resume();
      },
      'a fiber that yields for ever': () => {
        const fiber = new Fiber(() => {
          for (;;) Fiber.yield();
        });
        for (;;) fiber.resume();
      },
      generate: () => {
        for (const value of generate<number>((give) => {
          for (;;) give(1);
        })) {
          Math.abs(value);
        }
      },
      yieldNow: () => {
        for (;;) yieldNow();
      },
      emitter: () => {
        const { EventEmitter } = require('node:events') as typeof import('node:events');
        new EventEmitter().on('event', forever).emit('event');
      },
      'Node itself': () => {
        const { join } = require('node:path') as typeof import('node:path');
        for (;;) join('a', 'b', '../c');
      },
      'catch and finally': () => {
        try {
          forever();
        } catch {
          console.log('caught');
        } finally {
          console.log('finally');
        }
      },
    };
    spawn(() => {
      const wrong: string[] = [];
      for (const [place, body] of Object.entries(places)) {
        try {
          wrong.push(`${place} answered ${String(cpuLimit(10, body))}`);
        } catch (error) {
          const { code } = error as NodeJS.ErrnoException;
          if (code !== 'ERR_TASK_CPU_LIMIT') wrong.push(`${place}: ${String(error)}`);
        }
        const works = [[1, 2], [3]].join() === '1,2,3' && new Fiber(() => place).resume() === place;
        if (!works) wrong.push(`after ${place}`);
      }
      console.log(JSON.stringify(wrong));
    });
  });
  t.deepEqual(answer, []);
});

/** Runs `before` and then spins, until a limit ends that. */
function endedAfter(t: ExecutionContext, before: () => unknown): void {
  const body = (): void => {
    before();
    for (;;);
  };
  t.throws(() => cpuLimit(10, body), { code: 'ERR_TASK_CPU_LIMIT' });
}

test('the nearest limit wins, and the others go on', async (t) => {
  await spawn(() => {
    const log: string[] = [];
    const outer = cpuLimit(2000, () => {
      endedAfter(t, () => log.push('inner'));
      log.push('goes on');
      return 'outer';
    });
    t.deepEqual([...log, outer], ['inner', 'goes on', 'outer']);
    endedAfter(t, () => cpuLimit(5000, () => log.pop()));
    t.throws(
      () =>
        cpuLimit(20, () =>
          cpuLimit(5000, () => {
            for (;;);
          }),
        ),
      { message: /more than 20 ms/ },
    );
  });
});

test('a limit that is caught again and again does not outlive the one around it', async (t) => {
  await spawn(() => {
    let caught = 0;
    const body = (): never => {
      for (;;) {
        t.throws(
          () =>
            cpuLimit(5, () => {
              for (;;);
            }),
          { code: 'ERR_TASK_CPU_LIMIT' },
        );
        caught++;
      }
    };
    t.throws(() => cpuLimit(60, body), { message: /more than 60 ms/ });
    t.true(caught > 0);
  });
});

test('locks taken inside are broken, and those taken outside are not', async (t) => {
  await spawn(() => {
    const [outside, inside, handedBack] = [new Mutex(), new Mutex(), new Mutex()];
    outside.lock();
    handedBack.lock();
    endedAfter(t, () => {
      handedBack.unlock();
      handedBack.lock();
      inside.lock();
    });
    refused(t, 'ERR_LOCK_BROKEN', () => inside.tryLock());
    refused(t, 'ERR_LOCK_BROKEN', () => handedBack.tryLock());
    outside.unlock();
    t.true(outside.tryLock());
  });
});

test('the members of groups inside are cancelled, and limits inside are over', async (t) => {
  await spawn(() => {
    const log: unknown[] = [];
    endedAfter(t, () => {
      const body = (): void => {
        group((members) => {
          members.spawn(() => {
            try {
              sleep(60_000);
            } catch (error) {
              log.push((error as NodeJS.ErrnoException).code);
            }
          });
          sleep(1);
          for (;;);
        });
      };
      shield(() => timeout(60_000, body));
    });
    sleep(1);
    t.deepEqual(log, ['ABORT_ERR']);
  });
});

test('a limit inside a join leaves the joins around it as they were', async (t) => {
  await spawn(() => {
    const cycle: unknown[] = [];
    const element = {
      toString: (): string => {
        endedAfter(t, () => undefined);
        endedAfter(t, () => [{ toString: () => endedAfter(t, () => undefined) }].join());
        return cycle.join();
      },
    };
    cycle.push(1, element);
    t.is([cycle, 2].join(), '1,,2');
  });
});

test('fiber-locals and the asynchronous context are what they were', async (t) => {
  await spawn(() => {
    const local = new FiberLocal<string>();
    const storage = new AsyncLocalStorage<string>();
    local.run('outside', () => {
      storage.run('outside', () => {
        const resource = new AsyncResource('inside');
        const id = executionAsyncId();
        endedAfter(t, () => {
          local.run('inside', () => {
            resource.runInAsyncScope(() => {
              t.not(executionAsyncId(), id);
              for (;;);
            });
          });
        });
        t.is(local.get(), 'outside');
        t.is(executionAsyncId(), id);
        t.is(storage.getStore(), 'outside');
      });
    });
  });
});

test('a limit that expires as its function returns harms nobody', async (t) => {
  const answer = await answerOf(t, ({ cpuLimit, spawn, yieldNow }) => {
    let others = 0;
    let stop = false;
    spawn(() => {
      while (!stop) {
        others += [1, 2, 3].map((n) => n * 2)[2]!;
        yieldNow();
      }
    });
    spawn(() => {
      let ended = 0;
      let answered = 0;
      for (let i = 0; i < 150; i++) {
        const from = process.cpuUsage();
        try {
          cpuLimit(3, () => {
            for (;;) {
              const { user, system } = process.cpuUsage(from);
              if (user + system > 2000 + i * 20) return;
            }
          });
          answered++;
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ERR_TASK_CPU_LIMIT') throw error;
          ended++;
        }
        yieldNow();
      }
      stop = true;
      console.log(JSON.stringify([ended + answered, ended > 0, answered > 0, others > 0]));
    });
  });
  t.deepEqual(answer, [150, true, true, true]);
});
