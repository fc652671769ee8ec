import test from 'ava';
import {
  abortable,
  AbortError,
  currentTask,
  deadline,
  Fiber,
  group,
  now,
  Scheduler,
  shield,
  sleep,
  spawn,
  timeout,
  TimeoutError,
  wait,
  yieldNow,
  type Group,
} from 'greenfiber';

const caught = (fn: () => unknown): unknown => {
  try {
    fn();
  } catch (error) {
    return error;
  }
  return undefined;
};

// --- Cancellation ---

test('a task that sleeps is cancelled where it sleeps, and its finally blocks run', async (t) => {
  const steps: string[] = [];
  const task = spawn(() => {
    try {
      new Fiber(() => {
        try {
          sleep(1e6);
        } finally {
          steps.push('inner');
        }
      }).resume();
    } finally {
      steps.push('outer');
    }
  });
  await spawn(() => sleep(1));
  task.cancel();
  await t.throwsAsync(task.then(), { name: 'AbortError', code: 'ABORT_ERR' });
  t.is(task.status, 'cancelled');
  t.deepEqual(steps, ['inner', 'outer']);
});

test('cancellation is a level: every blocking call raises the reason, also when its result is ready', async (t) => {
  const reason = new Error('enough');
  const seen: unknown[] = [];
  const ready = spawn(() => 1);
  const task = spawn(() => {
    currentTask()?.cancel(reason);
    for (const call of [() => sleep(0), yieldNow, () => wait(1), () => ready.join()]) {
      seen.push(caught(call));
    }
    return 'in spite of it';
  });
  t.is(await task, 'in spite of it');
  t.deepEqual(seen, [reason, reason, reason, reason]);
});

test('a task that is ready, or has not begun, is cancelled at its next blocking call', async (t) => {
  let began = false;
  const task = spawn(() => {
    began = true;
    sleep(1);
  });
  task.cancel();
  await t.throwsAsync(task.then(), { name: 'AbortError' });
  t.true(began);
});

test('a value that was handed over before the cancellation is not lost', async (t) => {
  let resolve: (value: number) => void = () => undefined;
  const task = spawn(() => wait(new Promise<number>((done) => (resolve = done))));
  await spawn(() => sleep(1));
  await spawn(() => {
    resolve(5);
    wait(Promise.resolve().then(() => undefined)); // the promise tells the waiter first
    task.cancel();
  });
  t.is(await task, 5);
});

test('cancelling a task that has ended, or twice, changes nothing', async (t) => {
  const task = spawn(() => 1);
  t.is(await task, 1);
  task.cancel();
  t.is(task.status, 'finished');
  const first = new Error('first');
  const twice = spawn(() => sleep(1e6));
  await spawn(() => sleep(1));
  twice.cancel(first);
  twice.cancel(new Error('second'));
  t.is(await t.throwsAsync(twice.then()), first);
});

test('a cancellation that was asked for is no unhandled rejection', async (t) => {
  const task = spawn(() => sleep(1e6));
  await spawn(() => sleep(1));
  task.cancel();
  await spawn(() => {
    while (!task.done) sleep(1);
  });
  await new Promise((resolve) => setImmediate(resolve));
  t.is(task.status, 'cancelled');
});

test("a task's signal is aborted with its reason", async (t) => {
  const reason = new Error('stop');
  const task = spawn(() => sleep(1e6));
  const { signal } = task;
  await spawn(() => sleep(1));
  t.false(signal.aborted);
  task.cancel(reason);
  t.true(signal.aborted);
  t.is(signal.reason, reason);
  await t.throwsAsync(task.then());
});

test('shield keeps cancellation out, until it ends', async (t) => {
  const steps: string[] = [];
  const task = spawn(() => {
    try {
      sleep(1e6);
    } finally {
      t.is((caught(() => sleep(1)) as Error).name, 'AbortError');
      shield(() => {
        sleep(2);
        steps.push('cleaned up');
      });
      t.is((caught(() => sleep(1)) as Error).name, 'AbortError');
    }
  });
  await spawn(() => sleep(1));
  task.cancel();
  await t.throwsAsync(task.then(), { name: 'AbortError' });
  t.deepEqual(steps, ['cleaned up']);
});

test('an AbortSignal cancels what runs under it', async (t) => {
  const reason = new Error('aborted');
  const controller = new AbortController();
  const task = spawn(() => {
    const error = caught(() => abortable(controller.signal, () => sleep(1e6)));
    sleep(0); // the scope has ended
    return [error, caught(() => abortable(controller.signal, () => sleep(1)))];
  });
  await spawn(() => sleep(1));
  controller.abort(reason);
  t.deepEqual(await task, [reason, reason]);
  t.throws(() => abortable(1 as never, () => 1), { code: 'ERR_FIBER_INVALID_ARG_TYPE' });
});

// --- Time limits ---

test('timeout raises a TimeoutError in what takes too long, and answers what does not', async (t) => {
  await spawn(() => {
    const error = caught(() => timeout(2, () => sleep(1e6)));
    t.true(error instanceof TimeoutError);
    t.is((error as TimeoutError).code, 'ERR_TIMEOUT');
    t.is(
      timeout(1e6, () => {
        sleep(1);
        return 'in time';
      }),
      'in time',
    );
    sleep(1);
  });
});

test('limits nest, and the nearest wins', async (t) => {
  await spawn(() => {
    const begin = now();
    const inner = caught(() => timeout(1e6, () => timeout(2, () => sleep(1e6))));
    t.true(inner instanceof TimeoutError);
    t.true(now() - begin < 60_000);
    const outer = caught(() =>
      timeout(2, () => {
        try {
          timeout(1e6, () => sleep(1e6));
        } finally {
          t.true(caught(() => sleep(1)) instanceof TimeoutError, 'the outer one still holds');
        }
      }),
    );
    t.true(outer instanceof TimeoutError);
  });
});

test('a limit can be moved, both ways, and asked', async (t) => {
  await spawn(() => {
    const value = timeout(5, (limit) => {
      limit.deadline = now() + 1e6;
      sleep(10);
      t.false(limit.expired);
      t.false(limit.signal.aborted);
      return 'extended';
    });
    t.is(value, 'extended');
    const error = caught(() =>
      timeout(1e6, (limit) => {
        limit.deadline = now();
        t.true(limit.expired);
        sleep(1);
      }),
    );
    t.true(error instanceof TimeoutError);
  });
});

test('deadline takes a moment of now() or a Date', async (t) => {
  await spawn(() => {
    t.true(caught(() => deadline(now() + 2, () => sleep(1e6))) instanceof TimeoutError);
    const soon = new Date(Date.now() + 2);
    t.true(caught(() => deadline(soon, () => sleep(1e6))) instanceof TimeoutError);
    t.is(
      deadline(now() - 1, () => 'blocks nowhere'),
      'blocks nowhere',
    );
    t.like(
      caught(() => deadline(NaN, () => 1)),
      { code: 'ERR_FIBER_INVALID_ARG_TYPE' },
    );
    t.like(
      caught(() => timeout(-1, () => 1)),
      { code: 'ERR_FIBER_INVALID_ARG_VALUE' },
    );
  });
});

// --- Groups ---

test('a group ends when its body and all its members have ended', async (t) => {
  const order: string[] = [];
  const value = await spawn(() =>
    group((g) => {
      g.spawn(() => {
        sleep(100);
        order.push('slow');
        g.spawn(() => {
          sleep(2);
          order.push('born late');
        });
      });
      g.spawn(() => {
        sleep(1);
        order.push('fast');
      });
      order.push('body');
      return 'answer';
    }),
  );
  t.is(value, 'answer');
  t.deepEqual(order, ['body', 'fast', 'slow', 'born late']);
});

test('the first failure cancels the other members and the body, and is thrown as it is', async (t) => {
  const boom = new Error('boom');
  const cancelled: unknown[] = [];
  const error = await spawn(() =>
    caught(() =>
      group((g) => {
        g.spawn(() => cancelled.push(caught(() => sleep(1e6))));
        g.spawn(() => {
          sleep(1);
          throw boom;
        });
        cancelled.push(caught(() => sleep(1e6)));
        sleep(1);
      }),
    ),
  );
  t.is(error, boom);
  t.is(cancelled.length, 2);
  for (const reason of cancelled) {
    t.true(reason instanceof AbortError);
    t.is((reason as AbortError).cause, boom);
  }
});

test('several failures are thrown together', async (t) => {
  const errors = [new Error('one'), new Error('two'), new Error('of the body')];
  const error = await spawn(() =>
    caught(() =>
      group((g) => {
        g.spawn(() => {
          throw errors[0];
        });
        g.spawn(() => {
          throw errors[1];
        });
        throw errors[2];
      }),
    ),
  );
  t.true(error instanceof AggregateError);
  t.deepEqual((error as AggregateError).errors, [errors[2], errors[0], errors[1]]);
});

test('a group that has ended takes no further tasks', async (t) => {
  let kept: Group | undefined;
  await spawn(() => group((g) => (kept = g)));
  t.throws(() => kept?.spawn(() => 1), { code: 'ERR_GROUP_CLOSED' });
});

test('members are cancelled with what is around the group, wherever they were spawned', async (t) => {
  const seen: string[] = [];
  const task = spawn(() => {
    group((g) => {
      // Spawned under a limit and by a stranger, but members all the same.
      timeout(1, () =>
        g.spawn(() => {
          sleep(5);
          seen.push('outlived the limit it was spawned under');
          seen.push((caught(() => sleep(1e6)) as Error).message);
        }),
      );
      sleep(1e6);
    });
  });
  await spawn(() => {
    while (seen.length === 0) sleep(1);
    sleep(1);
  });
  task.cancel(new Error('from outside'));
  await t.throwsAsync(task.then(), { message: 'from outside' });
  t.deepEqual(seen, ['outlived the limit it was spawned under', 'from outside']);
});

test('a group waits for members that clean up, even when it is cancelled itself', async (t) => {
  let cleaned = false;
  const task = spawn(() =>
    group((g) => {
      g.spawn(() => {
        try {
          sleep(1e6);
        } finally {
          shield(() => sleep(5));
          cleaned = true;
        }
      });
    }),
  );
  await spawn(() => sleep(1));
  task.cancel();
  await t.throwsAsync(task.then(), { name: 'AbortError' });
  t.true(cleaned);
});

test('a group can be cancelled: its members end, and the body answers if it can', async (t) => {
  const [member] = await spawn(() =>
    group((g) => {
      const task = g.spawn(() => sleep(1e6));
      sleep(1);
      g.cancel();
      return [task];
    }),
  );
  t.is(member.status, 'cancelled');
});

test('a member that is cancelled alone does not fail the group', async (t) => {
  const value = await spawn(() =>
    group((g) => {
      const one = g.spawn(() => sleep(1e6));
      const two = g.spawn(() => {
        sleep(3);
        return 'unharmed';
      });
      sleep(1);
      one.cancel();
      return two.join();
    }),
  );
  t.is(value, 'unharmed');
});

test('groups nest: an inner failure that is caught does not reach the outer group', async (t) => {
  const value = await spawn(() =>
    group((outer) => {
      const sibling = outer.spawn(() => {
        sleep(4);
        return 'alive';
      });
      const error = caught(() =>
        group((inner) => {
          inner.spawn(() => {
            throw new Error('inner');
          });
        }),
      );
      return [(error as Error).message, sibling.join()];
    }),
  );
  t.deepEqual(value, ['inner', 'alive']);
});

test('groups and limits are refused outside of tasks', (t) => {
  for (const call of [
    () => group(() => 1),
    () => timeout(1, () => 1),
    () => deadline(1, () => 1),
    () => shield(() => 1),
    () => abortable(new AbortController().signal, () => 1),
  ]) {
    t.throws(call, { code: 'ERR_FIBER_NOT_IN_FIBER' });
  }
});

// --- All of it at random ---

test('cancelling at random leaves nothing behind', async (t) => {
  let state = 12345;
  const random = (n: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % n;
  };
  const branch = (depth: number): void => {
    group((g) => {
      for (let i = random(4); i > 0; i--) {
        const child = g.spawn(() => {
          if (depth > 0) branch(depth - 1);
          for (let steps = random(4); steps > 0; steps--) {
            if (random(2) === 0) yieldNow();
            else new Fiber(() => sleep(0)).resume();
          }
          if (random(9) === 0) throw new Error('at random');
        });
        if (random(5) === 0) child.cancel();
      }
      if (random(7) === 0) g.cancel();
    });
  };
  await spawn(() => {
    for (let round = 0; round < 60; round++) {
      const error = caught(() => timeout(50, () => branch(3)));
      t.true(error === undefined || error instanceof Error);
    }
    t.is(Scheduler.default.stats().alive, 1);
  });
});
