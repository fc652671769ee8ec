import { AsyncLocalStorage } from 'node:async_hooks';
import test from 'ava';
import { answer, effect, Fiber, generate, handle, sleep, spawn, stats, yieldNow } from 'greenfiber';

import { refused, stillWorks } from '../helpers/codes';

interface Tree {
  value: number;
  left?: Tree | undefined;
  right?: Tree | undefined;
}

const grow = (from: number, to: number): Tree | undefined => {
  if (from > to) return undefined;
  const value = (from + to) >> 1;
  return { value, left: grow(from, value - 1), right: grow(value + 1, to) };
};

test('generate yields what the body emits, from any call depth', (t) => {
  const walk = (node: Tree | undefined, emit: (value: number) => void): void => {
    if (node === undefined) return;
    walk(node.left, emit);
    emit(node.value);
    walk(node.right, emit);
  };
  t.deepEqual(
    [...generate<number>((emit) => walk(grow(1, 100), emit))],
    Array.from({ length: 100 }, (_, i) => i + 1),
  );
  t.deepEqual(
    [...generate<string>((emit) => void 'a b c'.replace(/\w/g, (x) => (emit(x), x)))],
    ['a', 'b', 'c'],
  );
});

test('the body runs only as far as values are asked for', (t) => {
  const log: string[] = [];
  const iterator = generate<number>((emit) => {
    log.push('begun');
    emit(1);
    log.push('between');
    emit(2);
    log.push('end');
  });
  t.deepEqual(log, []);
  t.deepEqual(iterator.next(), { done: false, value: 1 });
  t.deepEqual(log, ['begun']);
  t.deepEqual(iterator.next(), { done: false, value: 2 });
  t.deepEqual(iterator.next(), { done: true, value: undefined });
  t.deepEqual(iterator.next(), { done: true, value: undefined });
  t.deepEqual(log, ['begun', 'between', 'end']);
});

test('a loop that is left early runs finally blocks, and the stack is back', (t) => {
  const { alive } = stats();
  const log: string[] = [];
  for (const value of generate<number>((emit) => {
    try {
      new Fiber(() => {
        try {
          for (let i = 0; ; i++) emit(i);
        } finally {
          log.push('inner');
        }
      }).resume();
    } finally {
      log.push('outer');
    }
  })) {
    if (value === 3) break;
  }
  t.deepEqual(log, ['inner', 'outer']);
  t.is(stats().alive, alive);
});

test('errors cross both ways', (t) => {
  const error = new Error('from the body');
  const failing = generate<number>((emit) => {
    emit(1);
    throw error;
  });
  failing.next();
  t.is(
    t.throws(() => failing.next()),
    error,
  );
  t.true(failing.next().done);

  const catching = generate<unknown>((emit) => {
    try {
      emit(1);
    } catch (caught) {
      emit(caught);
    }
  });
  catching.next();
  t.deepEqual(catching.throw!(error), { done: false, value: error });
  t.true(catching.next().done);
  t.is(
    t.throws(() => catching.throw!(error)),
    error,
    'a generator that has ended throws it back',
  );
});

test('one that has not begun is ended without running', (t) => {
  const body = (): never => t.fail();
  const returned = generate(body);
  t.deepEqual(returned.return!(5), { done: true, value: 5 });
  t.true(returned.next().done);
  const thrown = generate(body);
  t.throws(() => thrown.throw!(new Error('x')), { message: 'x' });
  t.true(thrown.next().done);
});

test('return answers its argument, and throws what clean-up throws', (t) => {
  const iterator = generate<number>((emit) => {
    emit(1);
  });
  iterator.next();
  t.deepEqual(iterator.return!('x'), { done: true, value: 'x' });
  const failing = generate<number>((emit) => {
    try {
      emit(1);
    } finally {
      // eslint-disable-next-line no-unsafe-finally -- on purpose
      throw new Error('clean-up');
    }
  });
  failing.next();
  t.throws(() => failing.return!(), { message: 'clean-up' });
});

test('generators nest: the inner body emits values of the outer one', (t) => {
  const outer = generate<string>((emitOuter) => {
    for (const inner of generate<number>((emitInner) => {
      for (let i = 0; i < 3; i++) {
        emitOuter(`outer ${i}`);
        emitInner(i);
      }
    })) {
      emitOuter(`inner ${inner}`);
    }
  });
  t.deepEqual([...outer], ['outer 0', 'inner 0', 'outer 1', 'inner 1', 'outer 2', 'inner 2']);
});

test('the body performs effects to the handler around whoever asks for the next value', (t) => {
  const Ask = effect<undefined, number>('Ask');
  const iterator = generate<number>((emit) => {
    for (;;) emit(Ask.perform(undefined));
  });
  const under = (n: number): unknown =>
    handle(
      () => iterator.next().value,
      answer(Ask, () => n),
    );
  t.deepEqual([under(1), under(2)], [1, 2]);
  t.throws(() => iterator.next(), { code: 'ERR_EFFECT_UNHANDLED' });
});

test('a generator that runs cannot be continued: a typed error, and it goes on', (t) => {
  const iterator: IterableIterator<number> = generate<number>((emit) => {
    refused(t, 'ERR_FIBER_RUNNING', () => iterator.next());
    refused(t, 'ERR_FIBER_RUNNING', () => iterator.throw!(1));
    refused(t, 'ERR_FIBER_RUNNING', () => iterator.return!());
    emit(1);
    new Fiber(() => refused(t, 'ERR_FIBER_RUNNING', () => iterator.next())).resume();
    emit(2);
  });
  const { continuations } = stats();
  t.deepEqual([...iterator], [1, 2]);
  t.is(stats().continuations, continuations);
});

test('emit outside of its body is a typed error', (t) => {
  let leaked: ((value: number) => void) | undefined;
  const iterator = generate<number>((emit) => {
    leaked = emit;
    emit(1);
  });
  iterator.next();
  refused(t, 'ERR_FIBER_NOT_IN_FIBER', () => leaked!(2));
  refused(t, 'ERR_FIBER_NOT_IN_FIBER', () => new Fiber(() => leaked!(2)).resume());
  t.true(iterator.next().done);
  refused(t, 'ERR_FIBER_NOT_IN_FIBER', () => leaked!(2));
  refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => generate(1 as never));
  stillWorks(t);
});

test('a body that blocks parks the whole task, and others go on', async (t) => {
  const log: string[] = [];
  const consumer = spawn(() => {
    const values: number[] = [];
    for (const value of generate<number>((emit) => {
      for (let i = 0; i < 3; i++) {
        sleep(1);
        emit(i);
        yieldNow();
      }
    })) {
      yieldNow();
      values.push(value);
      log.push(`value ${value}`);
    }
    return values;
  });
  const other = spawn(() => {
    while (!consumer.done) {
      log.push('other');
      sleep(0);
    }
  });
  t.deepEqual(await consumer, [0, 1, 2]);
  await other;
  t.true(log.indexOf('other') < log.indexOf('value 0'));
});

test('a body yields to the fiber around whoever asks', (t) => {
  const fiber = new Fiber(() => [
    ...generate<unknown>((emit) => {
      emit(Fiber.yield('a'));
      emit(Fiber.yield('b'));
    }),
  ]);
  t.is(fiber.resume(), 'a');
  t.is(fiber.resume(1), 'b');
  t.deepEqual(fiber.resume(2), [1, 2]);
});

test('iterator helpers work where Node has them, and using disposes', (t) => {
  const iterator = generate<number>((emit) => {
    for (let i = 0; ; i++) emit(i);
  });
  const helped = iterator as unknown as { map?: (f: (x: number) => number) => Iterator<number> };
  if (helped.map !== undefined) {
    const mapped = helped.map((x) => x * 2);
    t.deepEqual([mapped.next().value, mapped.next().value], [0, 2]);
  }
  iterator[Symbol.dispose]();
  t.true(iterator.next().done);
});

test('AsyncLocalStorage: the body sees the store it was made in', (t) => {
  const storage = new AsyncLocalStorage<string>();
  const iterator = storage.run('made', () =>
    generate<string | undefined>((emit) => {
      emit(storage.getStore());
      storage.enterWith('inside');
      emit(storage.getStore());
    }),
  );
  t.deepEqual(
    storage.run('asked', () => [
      iterator.next().value,
      storage.getStore(),
      iterator.next().value,
      storage.getStore(),
    ]),
    ['made', 'asked', 'inside', 'asked'],
  );
});
