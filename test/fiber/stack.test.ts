import test from 'ava';
import { Fiber } from 'greenfiber';

/** The function names of a stack trace, innermost first. */
const namesIn = (stack: string): string[] =>
  stack.split('\n').map((line) => /^\s+at (?:new )?(\S+)/.exec(line)?.[1] ?? `?${line}`);

function innermost(): unknown {
  return Fiber.yield();
}
function middle(): unknown {
  return [1].map(function callback() {
    return innermost();
  });
}
function outermost(): unknown {
  return middle();
}

test('the stack of a suspended fiber names its functions, innermost first', (t) => {
  const fiber = new Fiber(outermost);
  fiber.resume();
  t.deepEqual(namesIn(fiber.stack), ['innermost', 'callback', 'Array.map', 'middle', 'outermost']);
  t.regex(fiber.stack, /stack\.test\.[jt]s:\d+:\d+/);
  t.is(fiber.stack, fiber.stack);
  t.is(fiber.state, 'suspended');
  fiber.resume();
  t.true(fiber.done);
});

test('the stack shows only the fiber, not who looks nor who resumed it', (t) => {
  const fiber = new Fiber(outermost);
  const looker = new Fiber(function looking() {
    fiber.resume();
    return fiber.stack;
  });
  t.notRegex(looker.resume() as string, /looking/);
  fiber.return();
});

test('a created and a finished fiber have an empty stack', (t) => {
  const fiber = new Fiber(() => undefined);
  t.is(fiber.stack, '');
  fiber.resume();
  t.is(fiber.stack, '');
});

test('a running fiber sees its own stack, without this library', (t) => {
  function asks(): string {
    return fiber.stack;
  }
  const fiber = new Fiber<unknown, string>(function body() {
    return asks();
  });
  t.deepEqual(namesIn(fiber.resume() as string), ['asks', 'body']);
});

test('a fiber that is resuming shows where it waits', (t) => {
  const outer: Fiber = new Fiber(function waits() {
    return inner.resume();
  });
  const inner: Fiber = new Fiber(function inside() {
    return outer.stack;
  });
  t.deepEqual(namesIn(outer.resume() as string), ['waits']);
});

test('a fiber that transferred away shows where', (t) => {
  const other = new Fiber(() => 'other');
  const fiber = new Fiber(function leaves() {
    other.transfer();
  });
  fiber.transfer();
  t.deepEqual(namesIn(fiber.stack), ['leaves']);
  fiber.return();
});

test('the stack of a deep fiber is long, whatever Error.stackTraceLimit is', (t) => {
  const { stackTraceLimit } = Error;
  const dive = (depth: number): unknown => (depth === 0 ? Fiber.yield() : dive(depth - 1));
  const fiber = new Fiber(() => dive(50));
  fiber.resume();
  Error.stackTraceLimit = 0;
  try {
    t.true(namesIn(fiber.stack).length > 50);
    t.is(Error.stackTraceLimit, 0);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  fiber.return();
});

test('looking at a stack survives an Error.prepareStackTrace that throws, yields or resumes', (t) => {
  const { prepareStackTrace } = Error;
  const fiber: Fiber = new Fiber(outermost);
  fiber.resume();
  const bad = [
    () => {
      throw new Error('prepare');
    },
    () => Fiber.yield(),
    () => fiber.resume(),
    () => fiber.return(),
    () => fiber.stack,
    () => new Fiber(() => Fiber.yield()).resume(),
    () => new Fiber(() => 1).transfer(),
    () => undefined,
  ];
  for (const prepare of bad) {
    Error.prepareStackTrace = prepare;
    let stack: unknown;
    try {
      stack = fiber.stack;
    } finally {
      Error.prepareStackTrace = prepareStackTrace;
    }
    t.is(typeof stack, 'string', String(prepare));
    t.is(fiber.state, 'suspended', String(prepare));
  }
  t.deepEqual(namesIn(fiber.stack).at(-1), 'outermost');
  fiber.return();
});

test('looking at the stacks of many fibers changes nothing', (t) => {
  const fibers = Array.from({ length: 200 }, (_, i) => new Fiber(() => [i, Fiber.yield(i)]));
  fibers.forEach((fiber) => fiber.resume());
  gc!();
  for (const fiber of fibers) t.regex(fiber.stack, /stack\.test/);
  gc!();
  fibers.forEach((fiber, i) => t.deepEqual(fiber.resume('x'), [i, 'x']));
});
