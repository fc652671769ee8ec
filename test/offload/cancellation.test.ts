import test from 'ava';
import {
  AbortError,
  FiberError,
  group,
  sleep,
  spawn,
  timeout,
  TimeoutError,
  yieldNow,
} from 'greenfiber';
import { Offload } from 'greenfiber/offload';

import { caught, inTask } from '../helpers/in-task';
import { kernelsOf, testLibrary } from '../helpers/offload-library';

/** A pool with one thread, which runs until told and so keeps all other calls waiting. */
function busyPool() {
  const pool = new Offload({ threads: 1 });
  const library = pool.load(testLibrary());
  const untilTold = library.fn<[Uint8Array], undefined>('until_told');
  const bytes = new Uint8Array(2);
  const busy = untilTold.promised(bytes);
  pool.flush();
  const release = async (): Promise<void> => {
    Atomics.store(bytes, 0, 1);
    await busy;
  };
  return { pool, untilTold, release, memory: kernelsOf(pool).memory };
}

const begun = async (pool: Offload): Promise<void> => {
  while (pool.stats().running.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
};

test('a call that has not begun is taken back when its task is cancelled, and never runs', async (t) => {
  const { pool, memory, release } = busyPool();
  await begun(pool);
  const chunk = new Int32Array(10).fill(1);
  await inTask(t, () => {
    const tasks = [0, 1, 2].map((i) => spawn(() => memory(chunk.subarray(i, i + 1), 1)));
    sleep(5);
    tasks[1]!.cancel();
    t.true(caught(() => tasks[1]!.join()) instanceof AbortError);
    t.is(pool.stats().cancelled, 1);
    void release();
    tasks[0]!.join();
    tasks[2]!.join();
  });
  t.deepEqual([...chunk.subarray(0, 3)], [2, 1, 2]);
  await pool.close();
});

test('a call that runs cannot be cancelled: its task gets the result, and the cancellation at its next sleep', async (t) => {
  const pool = new Offload({ threads: 1 });
  const library = pool.load(testLibrary());
  const bytes = new Uint8Array(2);
  const seen: unknown[] = [];
  const task = spawn(() => {
    library.fn<[Uint8Array], undefined>('until_told')(bytes);
    seen.push(bytes[1]);
    yieldNow();
    seen.push('never');
  });
  await begun(pool);
  task.cancel();
  await new Promise((resolve) => setTimeout(resolve, 5));
  t.is(task.status, 'parked');
  Atomics.store(bytes, 0, 1);
  await t.throwsAsync(Promise.resolve(task), { name: 'AbortError' });
  t.deepEqual(seen, [1]);
  t.is(pool.stats().cancelled, 0);
  await pool.close();
});

test('a timeout around a call that waits ends it, and a cancelled scope dispatches nothing', async (t) => {
  const { pool, memory, release } = busyPool();
  await begun(pool);
  await inTask(t, () => {
    const chunk = new Int32Array(1).fill(1);
    t.true(caught(() => timeout(5, () => memory(chunk, 1))) instanceof TimeoutError);
    const { calls } = pool.stats();
    t.true(
      caught(() =>
        timeout(0, () => {
          caught(() => sleep(1));
          memory(chunk, 1);
        }),
      ) instanceof TimeoutError,
    );
    t.is(pool.stats().calls, calls);
    void release();
    memory(chunk, 1);
    t.is(chunk[0], 2);
  });
  await pool.close();
});

test('a task whose call was taken back can sleep in another one at once', async (t) => {
  const { pool, memory, release } = busyPool();
  await begun(pool);
  const chunk = new Int32Array(2).fill(1);
  await inTask(t, () => {
    const task = spawn(() => {
      caught(() => timeout(5, () => memory(chunk.subarray(0, 1), 1)));
      memory(chunk.subarray(1, 2), 1);
    });
    sleep(20);
    void release();
    task.join();
  });
  t.deepEqual([...chunk], [1, 2]);
  await pool.close();
});

test('of a thousand calls that are cancelled at random, each has either run or been taken back', async (t) => {
  const pool = new Offload({ threads: 2, batch: { size: 7 } });
  const { memory } = kernelsOf(pool);
  const chunk = new Int32Array(1000 * 16).fill(1);
  let answered = 0;
  let cancelled = 0;
  await inTask(t, () => {
    group((g) => {
      for (let i = 0; i < 1000; i++) {
        const task = spawn(() => memory(chunk.subarray(i * 16, i * 16 + 1), 1));
        g.spawn(() => {
          for (let n = i % 13; n > 0; n--) yieldNow();
          if (i % 3 !== 0) task.cancel();
          const error = caught(() => task.join());
          const ran = chunk[i * 16] === 2;
          if (error === undefined) answered++;
          else if (error instanceof AbortError && !ran) cancelled++;
          else t.fail(`call ${i}: ${(error as Error).message}, ran: ${ran}`);
          if (error === undefined) t.true(ran);
        });
      }
    });
  });
  t.is(answered + cancelled, 1000);
  t.true(answered >= 334);
  t.is(pool.stats().underWay, 0);
  await pool.close();
});

test('close runs calls under way to their end, and refuses new ones', async (t) => {
  const { pool, memory, release } = busyPool();
  const chunk = new Int32Array(10).fill(1);
  const calls = Array.from({ length: 10 }, (_, i) => memory.promised(chunk.subarray(i, i + 1), 1));
  const closed = pool.close();
  t.is(pool.stats().state, 'closing');
  t.throws(() => memory(chunk, 1), { instanceOf: FiberError, code: 'ERR_OFFLOAD_CLOSED' });
  await t.throwsAsync(memory.promised(chunk, 1), { code: 'ERR_OFFLOAD_CLOSED' });
  t.throws(() => pool.load(testLibrary()), { code: 'ERR_OFFLOAD_CLOSED' });
  t.throws(() => pool.js(() => 1), { code: 'ERR_OFFLOAD_CLOSED' });
  void release();
  await Promise.all(calls);
  await closed;
  t.true(chunk.every((n) => n === 2));
  const { state, underWay, running } = pool.stats();
  t.deepEqual({ state, underWay, running }, { state: 'closed', underWay: 0, running: [] });
  t.throws(() => pool.close(), { instanceOf: FiberError, code: 'ERR_OFFLOAD_CLOSED' });
  pool.flush();
});

test('in a task, close sleeps until the last call has ended', async (t) => {
  const { pool, release } = busyPool();
  await inTask(t, () => {
    spawn(() => {
      sleep(5);
      void release();
    });
    t.is(pool.close(), undefined);
    t.is(pool.stats().state, 'closed');
  });
});

test('close with a grace leaves functions that hang behind, and tells every caller', async (t) => {
  const pool = new Offload({ threads: 2, batch: { size: 3 } });
  const library = pool.load(testLibrary());
  const untilTold = library.fn<[Uint8Array], undefined>('until_told');
  const fail = library.fn<[number], undefined>('fail');
  const { memory } = kernelsOf(pool);
  const bytes = new Uint8Array(2);
  const chunk = new Int32Array(1).fill(1);
  const outcomes = Promise.allSettled([
    memory.promised(chunk, 1), // has run when the next one hangs
    untilTold.promised(bytes),
    memory.promised(chunk, 1), // waits behind it
    fail.promised(3), // in a batch of its own
  ]);
  await begun(pool);
  await new Promise((resolve) => setTimeout(resolve, 10));
  await pool.close({ grace: 20 });
  const codes = (await outcomes).map((outcome) =>
    outcome.status === 'fulfilled' ? 'fine' : (outcome.reason as FiberError).code,
  );
  t.deepEqual(codes, ['fine', 'ERR_OFFLOAD_ABANDONED', 'ERR_OFFLOAD_CLOSED', 'ERR_OFFLOAD_FAILED']);
  t.is(chunk[0], 2);
  t.deepEqual(pool.stats().running, ['until_told']);
  // It may end after all; then the thread ends too.
  Atomics.store(bytes, 0, 1);
  while (pool.stats().running.length > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  t.is(bytes[1], 1);
});

test('cancelling a task that closes a pool closes the pool nevertheless', async (t) => {
  const { pool, release } = busyPool();
  await inTask(t, () => {
    t.true(caught(() => timeout(5, () => pool.close())) instanceof TimeoutError);
    t.is(pool.stats().state, 'closing');
    void release();
    while (pool.stats().state !== 'closed') sleep(1);
  });
});
