/** What is thrown in a worker arrives as it was thrown. */
import test from 'ava';
import { Offload } from 'greenfiber/offload';

import { refused } from '../helpers/codes';
import { caught, inTask } from '../helpers/in-task';

const pool = new Offload({ threads: 1 });
test.after(() => pool.close());

const thrownBy = (fn: () => unknown): unknown => caught(() => pool.js(fn)());

test('properties of errors arrive, and who can see them is the same', async (t) => {
  await inTask(t, () => {
    const error = thrownBy(() => {
      throw Object.assign(new Error('no such row'), {
        code: 'ENOROW',
        status: 404,
        details: { at: new Date(5), tags: new Set(['a']), list: [1, null, 3] },
        undefinedToo: undefined,
      });
    }) as Error & Record<string, unknown>;
    t.true(error instanceof Error);
    t.deepEqual(Object.keys(error), ['code', 'status', 'details', 'undefinedToo']);
    t.like(error, { message: 'no such row', code: 'ENOROW', status: 404 });
    t.deepEqual(error['details'], { at: new Date(5), tags: new Set(['a']), list: [1, null, 3] });
    const system = thrownBy(async () => (await import('node:fs')).readFileSync('/no/such'));
    t.like(system, { code: 'ENOENT', syscall: 'open', path: '/no/such' });
  });
});

test('so do causes, however many, and circles of them', async (t) => {
  await inTask(t, () => {
    const error = thrownBy(() => {
      const inner = Object.assign(new TypeError('inner'), { code: 'EINNER' });
      const outer = new Error('outer', { cause: inner });
      throw Object.assign(outer, { all: [outer, { inner }] });
    }) as Error & { all: [Error, { inner: Error }] };
    const inner = error.cause as Error;
    t.true(inner instanceof TypeError);
    t.like(inner, { message: 'inner', code: 'EINNER' });
    t.false(Object.keys(error).includes('cause'));
    t.is(error.all[0], error);
    t.is(error.all[1].inner, inner);
    const long = thrownBy(() => {
      let error = new Error('0');
      for (let i = 1; i <= 8000; i++) error = new Error(String(i), { cause: error });
      throw error;
    }) as Error;
    t.is((long.cause as Error).message, '7999');
  });
});

test('an AggregateError has its errors, each with what it had', async (t) => {
  await inTask(t, () => {
    const error = thrownBy(() => {
      const errors = [Object.assign(new RangeError('x'), { code: 'EX' }), 'text', undefined];
      throw new AggregateError(errors, 'many', { cause: 1 });
    }) as AggregateError;
    t.true(error instanceof AggregateError);
    t.like(error, { name: 'AggregateError', message: 'many', cause: 1 });
    t.true(error.errors[0] instanceof RangeError);
    t.like(error.errors[0], { message: 'x', code: 'EX' });
    t.deepEqual(error.errors.slice(1), ['text', undefined]);
    t.false(Object.keys(error).includes('errors'));
    const any = thrownBy(async () => Promise.any([Promise.reject(new Error('only'))]));
    t.is(((any as AggregateError).errors[0] as Error).message, 'only');
  });
});

test('classes of errors have their names, and the built-in ones are those of the caller', async (t) => {
  await inTask(t, () => {
    const own = thrownBy(() => {
      class HttpError extends RangeError {
        constructor(readonly status: number) {
          super('not here');
          this.name = 'HttpError';
        }
      }
      class NotFound extends HttpError {}
      throw new NotFound(404);
    }) as Error;
    t.true(own instanceof RangeError);
    t.like(own, { name: 'HttpError', message: 'not here', status: 404 });
    t.is(own.constructor.name, 'NotFound');
    t.is((Object.getPrototypeOf(own.constructor) as { name: string }).name, 'HttpError');
    const old = thrownBy(() => {
      function OldError(this: Error) {
        this.message = 'old';
      }
      OldError.prototype = Object.create(Error.prototype, {
        constructor: { value: OldError },
        name: { value: 'OldError' },
      });
      throw new (OldError as unknown as new () => Error)();
    }) as Error;
    t.true(old instanceof Error);
    t.like(old, { name: 'OldError', message: 'old' });
    const dom = thrownBy(() => {
      throw new DOMException('gone', 'NotFoundError');
    });
    t.true(dom instanceof DOMException);
    t.like(dom, { name: 'NotFoundError', message: 'gone', code: 8 });
  });
});

test('the stack shows the function and its caller, and nothing in between', async (t) => {
  await inTask(t, () => {
    function caller(): unknown {
      return pool.js(function failing() {
        throw new Error('deep');
      })();
    }
    const { stack = '' } = caught(caller) as Error;
    t.regex(stack, /^Error: deep\n {4}at failing \(offload\.js.*\n {4}at async caller /);
    t.notRegex(stack, /worker|node:internal|[/]dist[/]/);
  });
  const { stack = '' } = await t.throwsAsync(
    pool
      .js(() => {
        throw new Error('on the main stack');
      })
      .promised(),
  );
  t.regex(stack, /^Error: on the main stack\n {4}at offload\.js:\d+:\d+$/);
});

test('what is no error arrives as it is', async (t) => {
  await inTask(t, () => {
    const thrown = [undefined, null, 'text', 0, NaN, 12n, false, [1, 'a'], { custom: 1, deep: {} }];
    const throws = pool.js((value: unknown) => {
      throw value;
    });
    for (const value of thrown) {
      try {
        throws(value);
        t.fail('nothing was thrown');
      } catch (error) {
        t.deepEqual(error, value);
      }
    }
    t.deepEqual(
      thrownBy(() => {
        throw { status: 1, retry: () => 1 };
      }),
      { status: 1 },
    );
  });
});

test('what cannot be cloned is left out of an error, and is an error where it is all', async (t) => {
  await inTask(t, () => {
    const error = thrownBy(() => {
      const hostile = Object.assign(new Error('has a function'), {
        retry: () => 1,
        mark: Symbol('m'),
        map: new WeakMap(),
        code: 'E',
      });
      Object.defineProperty(hostile, 'broken', {
        enumerable: true,
        get() {
          throw new Error('a getter');
        },
      });
      throw Object.freeze(hostile);
    }) as Error;
    t.like(error, { message: 'has a function', code: 'E' });
    t.deepEqual(
      Object.keys(error).filter((key) => key !== 'broken'),
      ['code'],
    );
    for (const fn of [
      () => {
        throw () => 1;
      },
      () => {
        throw Symbol('s');
      },
      () => {
        throw new WeakSet();
      },
    ]) {
      const refusal = refused(t, 'ERR_OFFLOAD_CLONE', () => pool.js(fn)());
      t.regex(refusal!.message, /^What was thrown by .* cannot be cloned/);
    }
    t.is(pool.js(() => 1)(), 1);
  });
});

test('a module that cannot be loaded says which', async (t) => {
  await inTask(t, () => {
    const load = pool.js(async (name: string) => import(name) as Promise<unknown>);
    const error = caught(() => load('no-such-module'));
    t.like(error, { code: 'ERR_MODULE_NOT_FOUND' });
    t.regex((error as Error).message, /no-such-module/);
  });
});
