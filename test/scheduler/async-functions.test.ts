/* eslint-disable @typescript-eslint/no-misused-promises --
   on purpose: async functions in odd places */
/** An async function where a blocking one is expected: its promise is waited for, or refused. */
import test from 'ava';
import {
  abortable,
  answer,
  Condition,
  currentTask,
  deadline,
  effect,
  FiberLocal,
  generate,
  group,
  handle,
  Mutex,
  now,
  on,
  Once,
  RwLock,
  Semaphore,
  shield,
  sleep,
  spawn,
  timeout,
  wait,
} from 'greenfiber';

import { caught, inTask } from '../helpers/in-task';

const later = <T>(value: T): Promise<T> =>
  new Promise((resolve) => {
    setTimeout(resolve, 2, value);
  });

const ASYNC = { code: 'ERR_FIBER_ASYNC_FUNCTION' };

test('locks are held until the promise of an async function is settled', async (t) => {
  await inTask(t, () => {
    const mutex = new Mutex();
    const lock = new RwLock();
    const semaphore = new Semaphore(1);
    const run: [(fn: () => Promise<string>) => string, () => boolean][] = [
      [(fn) => mutex.run(fn), () => mutex.locked],
      [(fn) => lock.read(fn), () => lock.readers === 1],
      [(fn) => lock.write(fn), () => lock.writing],
      [(fn) => semaphore.run(fn), () => semaphore.available === 0],
    ];
    for (const [call, isHeld] of run) {
      const value = call(async () => {
        await later(1);
        t.true(isHeld());
        return 'value';
      });
      t.is(value, 'value');
      t.false(isHeld());
      t.like(
        caught(() =>
          call(async () => {
            await later(1);
            throw new RangeError('failed');
          }),
        ),
        { message: 'failed' },
      );
      t.false(isHeld());
    }
  });
});

test('scopes, tasks and other calls answer what the promise is settled with', async (t) => {
  await inTask(t, () => {
    const { signal } = new AbortController();
    const calls: (() => unknown)[] = [
      () => timeout(1000, async () => later(1)),
      () => deadline(now() + 1000, async () => later(1)),
      () => shield(async () => later(1)),
      () => abortable(signal, async () => later(1)),
      () => group(async () => later(1)),
      () => new Once<number>().run(async () => later(1)),
      () => new FiberLocal<number>().run(5, async () => later(1)),
      () => spawn(async () => later(1)).join(),
      () => group((g) => g.spawn(async () => later(1)).join()),
    ];
    for (const call of calls) t.is(call(), 1, String(call));
    const condition = new Condition();
    let asked = 0;
    condition.mutex.run(() => {
      condition.waitUntil(async () => later(++asked > 0));
    });
    t.is(asked, 1);
  });
});

test('an async function that hangs is left when its time runs out, and one that fails fails its group', async (t) => {
  await inTask(t, () => {
    t.like(
      caught(() => timeout(2, async () => new Promise(() => undefined))),
      { code: 'ERR_TIMEOUT' },
    );
    const mutex = new Mutex();
    t.like(
      caught(() => timeout(2, () => mutex.run(async () => new Promise(() => undefined)))),
      { code: 'ERR_TIMEOUT' },
    );
    t.false(mutex.locked);
    t.like(
      caught(() =>
        group((g) => {
          g.spawn(async () => {
            await later(1);
            throw new Error('member');
          });
          sleep(1e6);
        }),
      ),
      { message: 'member' },
    );
  });
});

test('a task, and another thenable, is a value and not waited for', async (t) => {
  await inTask(t, () => {
    const task = spawn(() => 1);
    t.is(
      group(() => task),
      task,
    );
    t.is(
      new Mutex().run(() => task),
      task,
    );
    task.join();
  });
});

test('where nobody can wait for it, an async function is refused', async (t) => {
  const failing = async (): Promise<never> => {
    await later(1);
    throw new Error('would be unhandled');
  };
  t.like(
    caught(() => new FiberLocal<number>().run(1, failing)),
    ASYNC,
  );
  t.like(
    caught(() => generate(failing).next()),
    ASYNC,
  );
  const Ask = effect<string, Promise<string>>('Ask');
  t.like(
    caught(() =>
      handle(
        () => Ask.perform('?'),
        answer(Ask, async () => later('!')),
      ),
    ),
    ASYNC,
  );
  t.like(
    caught(() =>
      handle<unknown>(
        () => Ask.perform('?'),
        on(Ask, async () => later('!')),
      ),
    ),
    ASYNC,
  );
  await inTask(t, () => {
    t.like(
      caught(() => [...generate(failing)]),
      ASYNC,
    );
    const answered = handle(
      () => Ask.perform('?'),
      answer(Ask, async () => later('!')),
    );
    t.is<unknown, unknown>(answered, '!');
  });
  await later(5);
});

test('a blocking call after an await says that it has left the task', async (t) => {
  const errors: unknown[] = [];
  await inTask(t, () => {
    [1].forEach(async () => {
      await later(1);
      t.is(currentTask(), undefined);
      errors.push(caught(() => sleep(1)));
    });
    sleep(10);
    t.like(
      caught(() =>
        timeout(1000, async () => {
          await later(1);
          wait(later(1));
        }),
      ),
      { code: 'ERR_FIBER_NOT_IN_FIBER' },
    );
  });
  t.like(errors[0], { code: 'ERR_FIBER_NOT_IN_FIBER' });
  t.regex((errors[0] as Error).message, /await.*forEach\(async.*wait\(promise\)/);
});
