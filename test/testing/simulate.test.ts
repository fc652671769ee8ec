import test from 'ava';
import { group, now, sleep, spawn, timeout, wait, yieldNow, type Task } from 'greenfiber';
import { simulate, SimulationError } from 'greenfiber/testing';

async function failure(run: Promise<unknown>): Promise<SimulationError> {
  try {
    await run;
  } catch (error) {
    if (error instanceof SimulationError) return error;
    throw error;
  }
  throw new Error('nothing failed');
}

/** Loses an update when two tasks interleave between reading and writing. */
function racyCounter(): void {
  let counter = 0;
  group((g) => {
    for (let i = 0; i < 2; i++) {
      g.spawn(() => {
        const read = counter;
        yieldNow();
        counter = read + 1;
      });
    }
  });
  if (counter !== 2) throw new Error(`lost an update: ${counter}`);
}

test('a lost update is found, and the seed in the message replays it', async (t) => {
  const error = await failure(simulate(racyCounter, { seed: 1, schedules: 200 }));
  t.is(error.code, 'ERR_SIMULATION_FAILED');
  t.regex(error.message, /lost an update: 1.*seed: \d+, schedules: 1/);
  t.true(error.cause instanceof Error);
  const again = await failure(simulate(racyCounter, { seed: error.seed, schedules: 1 }));
  t.is((again.cause as Error).message, (error.cause as Error).message);
});

test('correct code passes all schedules, and the report counts them', async (t) => {
  let runs = 0;
  const report = await simulate(
    () => {
      runs++;
      t.is(spawn(() => 1).join(), 1);
    },
    { seed: 7, schedules: 50 },
  );
  t.is(runs, 50);
  t.like(report, { seed: 7, schedules: 50 });
  t.true(report.steps >= 100);
});

test('the same seed takes the same decisions, another one takes others', async (t) => {
  const trace = async (seed: number): Promise<string> => {
    let order = '';
    await simulate(
      () => {
        group((g) => {
          for (const name of 'abcdef') {
            g.spawn(() => {
              for (let i = 0; i < 4; i++) {
                order += name;
                yieldNow();
              }
            });
          }
        });
      },
      { seed, schedules: 2 }, // one of each kind
    );
    return order;
  };
  t.is(await trace(3), await trace(3));
  t.not(await trace(3), await trace(5));
});

test('time is virtual: a day of sleep takes none', async (t) => {
  const begin = performance.now();
  const order: string[] = [];
  await simulate(
    () => {
      const start = now();
      const late = spawn(() => {
        sleep(86_400_000);
        order.push('late');
      });
      sleep(1000);
      order.push('early');
      late.join();
      t.is(now() - start, 86_400_000);
      t.throws(() => timeout(50, () => sleep(60)), { code: 'ERR_TIMEOUT' });
      t.is(now() - start, 86_400_050);
    },
    { schedules: 1 },
  );
  t.deepEqual(order, ['early', 'late']);
  t.true(performance.now() - begin < 60_000);
});

test('a deadlock is a failure that shows who sleeps where', async (t) => {
  const error = await failure(
    simulate(
      () => {
        const tasks: Task[] = [];
        for (const other of [1, 0]) tasks.push(spawn(() => tasks[other]?.join()));
        tasks.forEach((task, i) => (task.name = `philosopher ${i}`));
        tasks[0]?.join();
      },
      { schedules: 1 },
    ),
  );
  t.regex(error.message, /deadlock/);
  t.regex(error.message, /"philosopher 0" \[parked\]: waits in Task\.join/);
  t.regex(error.message, /"philosopher 1" \[parked\]: waits in Task\.join/);
});

test('a task that is left when the function has ended is a failure, and is cancelled', async (t) => {
  let cancelled = false;
  const error = await failure(
    simulate(
      () => {
        spawn(() => {
          try {
            sleep(Infinity);
          } finally {
            cancelled = true;
          }
        });
      },
      { schedules: 1 },
    ),
  );
  t.regex(error.message, /left behind/);
  t.true(cancelled);
});

test('the error of a task that nobody joins is a failure, and no unhandled rejection', async (t) => {
  const error = await failure(
    simulate(
      () => {
        spawn(() => {
          throw new Error('nobody looks');
        });
        sleep(1);
      },
      { schedules: 1 },
    ),
  );
  t.is((error.cause as Error).message, 'nobody looks');
});

test('tasks may wait for promises', async (t) => {
  await simulate(
    () => {
      const value = wait(Promise.resolve(20).then((x) => x + 1));
      t.is(value, 21);
    },
    { schedules: 10 },
  );
});

test('the real clock waits', async (t) => {
  await simulate(
    () => {
      const begin = performance.now();
      sleep(5);
      t.true(performance.now() - begin >= 4);
    },
    { schedules: 1, clock: 'real' },
  );
});

test('what is wrong with an argument is said', async (t) => {
  await t.throwsAsync(simulate(1 as never), { code: 'ERR_FIBER_INVALID_ARG_TYPE' });
  await t.throwsAsync(
    simulate(() => 1, { seed: -1 }),
    { code: 'ERR_FIBER_INVALID_ARG_VALUE' },
  );
  await t.throwsAsync(
    simulate(() => 1, { schedules: 0 }),
    { code: 'ERR_FIBER_INVALID_ARG_VALUE' },
  );
  await t.throwsAsync(
    simulate(() => 1, { clock: 'none' as never }),
    {
      code: 'ERR_FIBER_INVALID_ARG_VALUE',
    },
  );
});
