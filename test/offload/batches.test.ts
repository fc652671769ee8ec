import test from 'ava';
import { sleep, spawn, yieldNow } from 'greenfiber';
import { Offload } from 'greenfiber/offload';

import { inTask } from '../helpers/in-task';
import { kernelsOf } from '../helpers/offload-library';

const bytes = new Uint8Array(8);

test('calls of tasks that are ready together go in batches of the size that was asked for', async (t) => {
  const pool = new Offload({ threads: 1, batch: { size: 100, delay: 60e6 } });
  const { none } = kernelsOf(pool);
  await Promise.all(Array.from({ length: 950 }, () => spawn(() => none(bytes, 1))));
  const { calls, batches } = pool.stats();
  // Nine full ones, and at most one more for each end of a slice.
  t.is(calls, 950);
  t.true(batches >= 10 && batches < 100, `${batches} batches`);
  await pool.close();
});

test('a single call goes at once, however long the delay', async (t) => {
  const pool = new Offload({ threads: 1, batch: { size: 100, delay: 3600e6 } });
  const { none } = kernelsOf(pool);
  await inTask(t, () => {
    for (let i = 0; i < 20; i++) none(bytes, 1);
  });
  t.is(pool.stats().batches, 20);
  await none.promised(bytes, 1);
  t.is(pool.stats().batches, 21);
  await pool.close();
});

// Alone: the turns of other tests' tasks would see the answer.
test.serial(
  'after a call whose end the tasks saw by themselves, the event loop is told of the next one',
  async (t) => {
    const pool = new Offload({ threads: 1 });
    const { none } = kernelsOf(pool);
    await none.promised(bytes, 1);
    await new Promise(setImmediate); // a new slice: only in one that is not over do tasks look for answers
    const call = spawn(() => none(bytes, 1));
    await spawn(() => {
      pool.flush();
      const start = performance.now();
      while (performance.now() - start < 3); // the call ends meanwhile
    });
    await call;
    const late = new Promise((resolve) => setTimeout(resolve, 30_000, 'late').unref());
    const answer = none.promised(bytes, 1);
    t.not(await Promise.race([answer, late]), 'late');
    await pool.close();
  },
);

test('while other tasks run on, a call goes after the delay', async (t) => {
  const pool = new Offload({ threads: 1, batch: { size: 100, delay: 50 } });
  const { none } = kernelsOf(pool);
  await inTask(t, () => {
    let done = false;
    const call = spawn(() => {
      none(bytes, 1);
      done = true;
    });
    // Other tasks are ready all the time.
    spawn(() => {
      while (!done) yieldNow();
    });
    call.join();
  });
  await pool.close();
  t.is(pool.stats().batches, 1);
});

test('flush sends what was gathered', async (t) => {
  const pool = new Offload({ threads: 1, batch: { size: 100, delay: 3600e6 } });
  const { none } = kernelsOf(pool);
  const call = none.promised(bytes, 1);
  t.is(pool.stats().gathered, 1);
  pool.flush();
  t.is(pool.stats().gathered, 0);
  t.is(pool.stats().underWay, 1);
  pool.flush();
  t.is(pool.stats().batches, 1);
  await call;
  t.is(pool.stats().underWay, 0);
  await pool.close();
});

test('calls are served while tasks run all the time', async (t) => {
  const pool = new Offload({ threads: 1 });
  const { none } = kernelsOf(pool);
  await inTask(t, () => {
    let calls = 0;
    const spinner = spawn(() => {
      for (;;) yieldNow();
    });
    for (let i = 0; i < 50; i++) {
      none(bytes, 1);
      calls++;
    }
    t.is(calls, 50);
    spinner.cancel();
    sleep(1);
  });
  await pool.close();
});

test('timers are not starved by tasks that call all the time', async (t) => {
  const pool = new Offload({ threads: 1 });
  const { none } = kernelsOf(pool);
  let stop = false;
  const callers = Array.from({ length: 50 }, () =>
    spawn(() => {
      while (!stop) none(bytes, 1);
    }),
  );
  await new Promise((resolve) => setTimeout(resolve, 20));
  await new Promise((resolve) => setImmediate(resolve));
  stop = true;
  await Promise.all(callers);
  t.pass();
  await pool.close();
});

test('a batch of one call, and one of a thousand', async (t) => {
  for (const size of [1, 1000]) {
    const pool = new Offload({ threads: 2, batch: { size } });
    const { memory } = kernelsOf(pool);
    const chunk = new Int32Array(2500).fill(1);
    await Promise.all(
      Array.from(chunk, (_, i) => spawn(() => memory(chunk.subarray(i, i + 1), 1))),
    );
    t.true(chunk.every((n) => n === 2));
    await pool.close();
  }
});
