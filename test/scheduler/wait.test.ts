// Promises and callbacks in blocking style.
import test from 'ava';
import { Event, fiberize, sleep, spawn, sync, timeout, TimeoutError, wait } from 'greenfiber';

test('wait answers what a promise is fulfilled with, and throws what it is rejected with', async (t) => {
  const value = await spawn(() => {
    t.is(wait(5), 5);
    t.is(wait(Promise.resolve(6)), 6);
    const foreign = { then: (done: (value: number) => void) => done(7) };
    t.is(wait(foreign as PromiseLike<number>), 7);
    const error = new Error('rejected');
    t.is(
      t.throws(() => wait(Promise.reject(error))),
      error,
    );
    return wait(new Promise<string>((resolve) => setTimeout(resolve, 2, 'late')));
  });
  t.is(value, 'late');
});

function later<T>(ms: number, value: T): Promise<T> {
  return new Promise((resolve) => setTimeout(resolve, ms, value));
}

test('a promise that a task gave up ends none of its later waits', async (t) => {
  const values = await spawn(() => {
    let settle = (): void => undefined;
    const given = new Promise<string>((resolve) => {
      settle = () => {
        resolve('given up');
      };
    });
    const failing = given.then(() => Promise.reject(new Error('failed')));
    for (const promise of [given, failing]) {
      t.throws(() => timeout(1, () => wait(promise)), { instanceOf: TimeoutError });
    }
    setTimeout(settle, 1);
    const values = [wait(later(20, 'next')), wait(later(1, 'last')), wait(given)];
    t.throws(() => wait(failing), { message: 'failed' });
    return [...values, wait(later(1, 'after an error'))];
  });
  t.deepEqual(values, ['next', 'last', 'given up', 'after an error']);
});

test('a class of promises may wait itself when it is asked, or tell twice', async (t) => {
  const inner: string[] = [];
  class Asking<T> extends Promise<T> {
    static override get [Symbol.species](): PromiseConstructor {
      inner.push(wait(later(1, 'inner')));
      return Promise;
    }
  }
  const twice = Promise.resolve('');
  const tell = (done: (value: string) => void): Promise<void> => {
    setTimeout(() => {
      done('once');
      done('twice');
    }, 1);
    return later(1, undefined);
  };
  void Object.defineProperty(twice, 'then', { value: tell });
  const values = await spawn(() => [
    wait(later(1, 'first')),
    wait(new Asking((resolve) => setTimeout(resolve, 1, 'asking'))),
    wait(twice),
    wait(later(10, 'last')),
  ]);
  t.deepEqual(inner, ['inner']);
  t.deepEqual(values, ['first', 'asking', 'once', 'last']);
});

test('a task keeps nothing of what it waited for', async (t) => {
  const end = new Event();
  const seen: WeakRef<object>[] = [];
  const waitForObjects = (): void => {
    const promise = later(1, { large: 'fulfilled' });
    seen.push(new WeakRef(promise), new WeakRef(wait(promise)));
    const failing = later(1, undefined).then(() => Promise.reject(new Error('rejected')));
    seen.push(new WeakRef(failing));
    try {
      wait(failing);
    } catch (error) {
      seen.push(new WeakRef(error as Error));
    }
  };
  const task = spawn(() => {
    waitForObjects();
    end.wait();
  });
  while (task.status !== 'parked' || seen.length < 4) await later(5, undefined);
  await later(5, undefined);
  globalThis.gc?.();
  t.deepEqual(
    seen.map((ref) => ref.deref()),
    [undefined, undefined, undefined, undefined],
  );
  end.set();
  await task;
});

test('a task never goes on inside the call that wakes it', async (t) => {
  const order: string[] = [];
  let resolve: (value: number) => void = () => undefined;
  const promise = new Promise<number>((done) => (resolve = done));
  const task = spawn(() => {
    wait(promise);
    order.push('task');
  });
  await spawn(() => sleep(1));
  resolve(1);
  order.push('after resolve');
  await task;
  t.deepEqual(order, ['after resolve', 'task']);
});

test('sync gives async functions and functions with callbacks a blocking face', async (t) => {
  const add = sync(async (a: number, b: number) => Promise.resolve(a + b));
  const later = sync.callback((value: number, done: (e: unknown, v?: number) => void) => {
    setTimeout(done, 1, null, value * 2);
  });
  const now = sync.callback((done: (e: unknown, v?: string) => void) => done(undefined, 'at once'));
  const fails = sync.callback((done: (e: unknown) => void) => done(new Error('refused')));
  await spawn(() => {
    t.is(add(1, 2), 3);
    t.is(later(21), 42);
    t.is(now(), 'at once');
    t.throws(() => fails(), { message: 'refused' });
  });
  const object = {
    base: 10,
    add: sync(async function (this: { base: number }, n: number) {
      return Promise.resolve(this.base + n);
    }),
  };
  t.is(await spawn(() => object.add(1)), 11);
});

test('a callback that comes twice is an error of whoever calls it', async (t) => {
  let again: () => void = () => undefined;
  const twice = sync.callback((done: (e: unknown, v?: number) => void) => {
    again = () => done(null, 2);
    done(null, 1);
  });
  t.is(await spawn(() => twice()), 1);
  t.throws(again, { code: 'ERR_CALLBACK_TWICE' });
});

test('fiberize makes an async function of one that blocks', async (t) => {
  const double = fiberize(function (this: unknown, n: number) {
    sleep(1);
    return n * 2;
  });
  t.is(await double(4), 8);
  const object = {
    factor: 3,
    times: fiberize(function (this: { factor: number }, n: number) {
      return this.factor * n;
    }),
  };
  t.is(await object.times(5), 15);
  await t.throwsAsync(
    fiberize(() => {
      throw new TypeError('no');
    })(),
    { instanceOf: TypeError },
  );
});
