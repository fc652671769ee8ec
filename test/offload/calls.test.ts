import test from 'ava';
import { engine, Fiber, FiberError, group, spawn, yieldNow } from 'greenfiber';
import { Offload, OffloadError, type ExternalFn } from 'greenfiber/offload';

import { refused, stillWorks } from '../helpers/codes';
import { caught, inTask } from '../helpers/in-task';
import { kernelsOf, libraryOf, testLibrary } from '../helpers/offload-library';
import { loadAddon } from '../helpers/test-addon';

/** The locker engine needs more than a microsecond for a switch. */
const TASKS = engine === 'direct' ? 10_000 : 1000;

const pool = new Offload({ threads: 2 });
const library = pool.load(testLibrary());
const addon = loadAddon('v8_addon');
test.after(() => pool.close());

test('a task sleeps in an external function while others go on', async (t) => {
  const order: string[] = [];
  const bytes = new Uint8Array(2);
  const untilTold = library.fn('until_told');
  await inTask(t, () => {
    group((g) => {
      g.spawn(() => {
        untilTold(bytes);
        order.push('called');
      });
      g.spawn(() => {
        yieldNow();
        order.push('went on');
        bytes[0] = 1;
      });
    });
  });
  t.deepEqual(order, ['went on', 'called']);
  t.is(bytes[1], 1);
});

test('on the main stack it answers a promise, and promised does so everywhere', async (t) => {
  const { memory, none } = kernelsOf(pool);
  const chunk = new Int32Array(100).fill(21);
  const answer: unknown = memory(chunk, 100);
  t.true(answer instanceof Promise);
  t.is(await answer, undefined);
  t.is(chunk[99], 42);
  await inTask(t, () => {
    t.true(memory.promised(chunk, 100) instanceof Promise);
  });
  await none.promised(chunk, 0);
  t.is(chunk[0], 84);
});

test('the kernels of the benchmark do what it says, and stay within their chunk', async (t) => {
  const { none, arith, memory } = kernelsOf(pool);
  const chunk = new Int32Array([1, 2, 3, 4]);
  await inTask(t, () => {
    for (const kernel of [none, arith, memory]) t.is(kernel(chunk, 4), undefined);
    t.deepEqual([...chunk], [2, 4, 6, 8]);
    for (const n of [5, -1]) {
      const error = caught(() => memory(chunk, n)) as OffloadError;
      t.is(error.status, 1);
      t.regex(error.message, /n is more than the buffer holds/);
    }
    t.deepEqual([...chunk], [2, 4, 6, 8]);
  });
});

test('each argument arrives at its place, and what is not named is 0', async (t) => {
  const integers = library.fn<[number, number, number], number>('integers');
  const mixed = library.fn<[Uint8Array, number, number, number], number>('mixed');
  await inTask(t, () => {
    t.is(integers(1, 2, 3), 1_002_003);
    t.is(integers(-1, 0, 0), -1_000_000);
    t.is(mixed(new Uint8Array([1, 2, 3]), 10, 100, 4), 6 + 100 + 10 / 4);
    // After calls that left their arguments behind.
    for (let i = 0; i < 300; i++) library.fn('nothing')();
  });
});

test('integers of 64 bits arrive and come back without loss', async (t) => {
  const echo = library.fn<[number | bigint], number | bigint>('echo_integer');
  await inTask(t, () => {
    for (const value of [0, -1, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, 2 ** 53 - 1, -(2 ** 53 - 1)]) {
      t.is(echo(value), value);
      t.is(echo(BigInt(value)), value);
    }
    for (const value of [2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n]) t.is(echo(value), value);
    t.is(echo(-0), 0);
  });
});

test('views, whole buffers and shared ones are passed as they are', async (t) => {
  const mixed = library.fn<[ArrayBufferLike | ArrayBufferView, number, number, number], number>(
    'mixed',
  );
  const sum = (buffer: ArrayBufferLike | ArrayBufferView): number => mixed(buffer, 0, 0, 1);
  const buffer = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]).buffer;
  const shared = new SharedArrayBuffer(4);
  new Uint8Array(shared).fill(9);
  await inTask(t, () => {
    t.is(sum(buffer), 36);
    t.is(sum(new Uint8Array(buffer, 2, 3)), 12);
    t.is(sum(new DataView(buffer, 6)), 15);
    t.is(sum(Buffer.from([1, 1])), 2);
    t.is(sum(shared), 36);
    t.is(sum(new Uint8Array(shared, 1)), 27);
    t.is(sum(new Uint8Array(0)), 0);
    t.is(sum(new ArrayBuffer(0)), 0);
    t.is(sum(Uint8Array.of(7)), 7); // V8 keeps so small a one in its heap until now
  });
});

test('wrong arguments are refused before anything is dispatched', async (t) => {
  const mixed = library.fn('mixed');
  const echo = library.fn('echo_integer');
  await inTask(t, () => {
    const { calls } = pool.stats();
    const type = 'ERR_FIBER_INVALID_ARG_TYPE';
    const value = 'ERR_FIBER_INVALID_ARG_VALUE';
    t.regex(
      refused(t, type, () => mixed(1, 2, 3, 4))!.message,
      /^argument 1 of mixed must be an ArrayBuffer/,
    );
    refused(t, type, () => mixed([] as never, 2, 3, 4));
    refused(t, type, () => mixed(new Uint8Array(1), 2n, 3, 4));
    refused(t, type, () => mixed(new Uint8Array(1), 2, '3' as never, 4));
    t.regex(
      refused(t, type, () => mixed(new Uint8Array(1), 2))!.message,
      /mixed takes 4 arguments \(a buffer, a number, an integer, a number\), not 2/,
    );
    refused(t, type, () => echo(1, 2));
    refused(t, type, () => echo(undefined as never));
    refused(t, value, () => echo(1.5));
    refused(t, value, () => echo(NaN));
    refused(t, value, () => echo(2 ** 53));
    refused(t, value, () => echo(2n ** 63n));
    t.is(pool.stats().calls, calls);
    t.is(echo(1), 1);
  });
  const promise: unknown = (echo as (value: unknown) => unknown).call(undefined, 5);
  t.is(await promise, 5);
  await t.throwsAsync(echo.promised(1.5), {
    instanceOf: FiberError,
    code: 'ERR_FIBER_INVALID_ARG_VALUE',
  });
});

test('a status other than 0 is an error with the status and the message', async (t) => {
  const fail = library.fn<[number], undefined>('fail');
  await inTask(t, () => {
    const error = caught(() => fail(7));
    t.true(error instanceof OffloadError);
    if (!(error instanceof OffloadError)) return;
    const { name, code, status, message, function: of } = error;
    t.deepEqual(
      { name, code, status, message, of },
      {
        name: 'OffloadError',
        code: 'ERR_OFFLOAD_FAILED',
        status: 7,
        message: 'fail failed with status 7: it was asked to',
        of: 'fail',
      },
    );
    t.is((caught(() => fail(-5)) as OffloadError).message, 'fail failed with status -5');
    t.is((caught(() => fail(-(2 ** 31))) as OffloadError).code, 'ERR_OFFLOAD_FAILED');
    t.is((caught(() => library.fn('babble')()) as OffloadError).message.length, 33 - 4 + 255);
    fail(0);
  });
  await t.throwsAsync(fail.promised(3), { instanceOf: OffloadError });
});

test('one call that fails among many says so to its caller alone', async (t) => {
  const fail = library.fn<[number], undefined>('fail');
  const outcomes = await Promise.allSettled(
    Array.from({ length: 250 }, (_, i) => fail.promised(i % 50 === 9 ? i : 0)),
  );
  const failed = outcomes.flatMap(({ status }, i) => (status === 'rejected' ? [i] : []));
  t.deepEqual(failed, [9, 59, 109, 159, 209]);
});

test('thousands of tasks get the results of their own calls', async (t) => {
  const echo = library.fn<[number], number>('echo_integer');
  await inTask(t, () => {
    let right = 0;
    group((g) => {
      for (let i = 0; i < TASKS; i++) {
        g.spawn(() => {
          for (let round = 0; round < 3; round++)
            if (echo(i * 3 + round) === i * 3 + round) right++;
        });
      }
    });
    t.is(right, 3 * TASKS);
  });
});

test('a call from inside a fiber of a task, and below a built-in, suspends the whole task', async (t) => {
  const echo = library.fn<[number], number>('echo_integer');
  await inTask(t, () => {
    const fiber = new Fiber<number, number>(() => {
      Fiber.yield(echo(1));
      return [3, 1, 2].sort((a, b) => echo(a) - echo(b))[0]!;
    });
    t.is(fiber.resume(), 1);
    t.is(fiber.resume(), 1);
    t.true(fiber.done);
  });
});

test('where the stack cannot be left, the call is taken back and the pool stays usable', async (t) => {
  const echo = library.fn<[number], number>('echo_integer');
  await inTask(t, () => {
    for (const begin = performance.now(); performance.now() < begin + 10;);
    yieldNow(); // the slice is over, so the next turn is no part of a drain
    let error: unknown;
    void Promise.resolve().then(() => {
      error = caught(() => echo(1));
    });
    addon.performCheckpoint(); // drains microtasks on the task's own stack
    t.is((error as FiberError).code, 'ERR_FIBER_NOT_YIELDABLE');
    t.is(echo(2), 2);
  });
  stillWorks(t);
});

test('the example library computes what it says', async (t) => {
  const image = pool.load(libraryOf('examples/offload/image.c'));
  t.deepEqual(image.names, ['mandelbrot_row', 'mean']);
  const row = image.fn<[Uint8Array, number, number], number>('mandelbrot_row');
  const mean = image.fn<[Uint8Array], number>('mean');
  const bytes = new Uint8Array(1000);
  await inTask(t, () => {
    const inside = row(bytes, 100, 0);
    t.is(inside, bytes.filter((n) => n === 100).length);
    t.true(inside > 400 && inside < 800);
    t.is(mean(bytes), bytes.reduce((a, b) => a + b) / 1000);
    t.regex((caught(() => mean(new Uint8Array(0))) as Error).message, /nothing has no mean/);
  });
});

test('functions of a C++ library', async (t) => {
  const twice: ExternalFn<[number], number> = pool
    .load(libraryOf('test/fixtures/offload/cpp_library.cc'))
    .fn('twice');
  await spawn(() => t.is(twice(1.25), 2.5));
});

test('an external function is named as it is in its library', (t) => {
  t.is(library.fn('echo_integer').name, 'echo_integer');
});
