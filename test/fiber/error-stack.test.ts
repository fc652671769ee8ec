/* eslint-disable @typescript-eslint/no-explicit-any --
   on purpose: tests of odd programs */
import test from 'ava';
import { Fiber } from 'greenfiber';

import { stillWorks } from '../helpers/codes';

const caught = (call: () => unknown): any => {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
};

/** Checks that the names appear in this order. */
const inOrder = (stack: string, names: string[]): boolean =>
  new RegExp(names.map((name) => `at ${name} `).join('[^]*')).test(stack);

function fails(): never {
  throw new Error('failed');
}

test("an error's stack shows the fiber's frames, then the resumer's", (t) => {
  const fiber = new Fiber(function body() {
    fails();
  });
  const error = caught(function resumer() {
    fiber.resume();
  });
  t.true(inOrder(error.stack as string, ['fails', 'body', 'resumer']), error.stack as string);
  t.regex(error.stack as string, /^Error: failed\n/);
});

test('over several fibers the stack goes on through every resumer, each once', (t) => {
  const inner = new Fiber(function innerBody() {
    Fiber.yield();
    fails();
  });
  const outer = new Fiber(function outerBody() {
    inner.resume();
    inner.resume();
  });
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 50;
  const error = caught(function resumer() {
    outer.resume();
  });
  Error.stackTraceLimit = stackTraceLimit;
  t.true(
    inOrder(error.stack as string, ['fails', 'innerBody', 'outerBody', 'resumer']),
    error.stack as string,
  );
  for (const name of ['fails', 'innerBody', 'outerBody', 'resumer']) {
    t.is((error.stack as string).split(`at ${name} `).length, 2, name);
  }
});

test('a trace that the program rewrites between two fibers goes on from what it wrote', (t) => {
  const inner = new Fiber(fails);
  const middle = new Fiber(function middleBody() {
    inner.resume();
  });
  const outer = new Fiber(function outerBody() {
    try {
      middle.resume();
    } catch (error) {
      (error as Error).stack = 'Rewritten\n    at own (file.js:1:1)';
      throw error;
    }
  });
  const { stack } = caught(function resumer() {
    outer.resume();
  });
  t.true(stack.startsWith('Rewritten\n    at own (file.js:1:1)\n'), stack as string);
  t.true(inOrder(stack as string, ['own', 'resumer']), stack as string);
  t.notRegex(stack as string, /fails|innerBody|middleBody/);
});

test('an error that leaves several fibers one after the other shows each resumer', (t) => {
  const error = new Error('shared');
  const raised = (): Fiber =>
    new Fiber(() => {
      throw error;
    });
  caught(function first() {
    raised().resume();
  });
  caught(function second() {
    raised().resume();
  });
  for (const name of ['first', 'second']) {
    t.is(error.stack?.split(`at ${name} `).length, 2, name);
  }
});

test('the error is the same object, with its own properties', (t) => {
  const error = Object.assign(new TypeError('x', { cause: 'why' }), { extra: 1 });
  const fiber = new Fiber(() => {
    throw error;
  });
  t.is(
    caught(() => fiber.resume()),
    error,
  );
  t.is(error.message, 'x');
  t.deepEqual([error.cause, error.extra], ['why', 1]);
  t.deepEqual(Object.keys(error), ['extra']);
});

test('what is not an ordinary error arrives as it is', (t) => {
  const odd: unknown[] = [
    undefined,
    null,
    'text',
    0,
    Symbol('s'),
    { stack: 'not an error' },
    Object.freeze(new Error('frozen')),
    Object.defineProperty(new Error('stackless'), 'stack', { value: undefined }),
    Object.defineProperty(new Error('number'), 'stack', { value: 5 }),
    Object.defineProperty(new Error('getter'), 'stack', {
      get() {
        throw new Error('in the getter');
      },
    }),
    new Proxy(new Error('proxied'), {
      get() {
        throw new Error('in the trap');
      },
      getPrototypeOf() {
        throw new Error('in the trap');
      },
    }),
  ];
  for (const thrown of odd) {
    const fiber = new Fiber(() => {
      throw thrown;
    });
    t.true(
      Object.is(
        caught(() => fiber.resume()),
        thrown,
      ),
    );
    t.true(fiber.done);
  }
  stillWorks(t);
});

test('a stack getter that yields cannot leave through the splice', (t) => {
  const error = Object.defineProperty(new Error('x'), 'stack', { get: () => Fiber.yield('leak') });
  const inner = new Fiber(() => {
    throw error;
  });
  const outer = new Fiber(() => caught(() => inner.resume()) === error);
  // It runs in the resumer, so it may suspend the resumer; nothing else may happen.
  let answer = outer.resume();
  while (!outer.done) answer = outer.resume();
  t.true(answer);
  stillWorks(t);
});

test('Error.prepareStackTrace and stackTraceLimit are left as they were', (t) => {
  const { prepareStackTrace, stackTraceLimit } = Error;
  try {
    Error.prepareStackTrace = () => 'prepared';
    Error.stackTraceLimit = 3;
    const error = caught(() => new Fiber(fails).resume());
    t.regex(error.stack as string, /^prepared/);
    t.is(Error.stackTraceLimit, 3);
    Error.prepareStackTrace = () => {
      throw new Error('prepare');
    };
    t.throws(() => new Fiber(fails).resume());
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
    Error.stackTraceLimit = stackTraceLimit;
  }
  stillWorks(t);
});

test('an error thrown into a fiber and out again keeps its own frames', (t) => {
  const fiber = new Fiber(function sleeper() {
    Fiber.yield();
  });
  fiber.resume();
  const error = new Error('made outside');
  const first = error.stack;
  t.is(
    caught(() => fiber.throw(error)),
    error,
  );
  t.true(error.stack?.startsWith(String(first)));
});
