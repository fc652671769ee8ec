import test from 'ava';
import { Fiber, type FiberState } from 'greenfiber';

const stateOf = (fiber: Fiber): [FiberState, boolean] => [fiber.state, fiber.done];

test('a fiber is created, running, suspended and finished in this order', (t) => {
  const fiber: Fiber = new Fiber(() => {
    t.deepEqual(stateOf(fiber), ['running', false]);
    Fiber.yield();
    t.deepEqual(stateOf(fiber), ['running', false]);
  });
  t.deepEqual(stateOf(fiber), ['created', false]);
  fiber.resume();
  t.deepEqual(stateOf(fiber), ['suspended', false]);
  fiber.resume();
  t.deepEqual(stateOf(fiber), ['finished', true]);
});

test('a fiber that resumed another is resuming, and so is every fiber above it', (t) => {
  const seen: FiberState[][] = [];
  const fibers: Fiber[] = [];
  const look = (): void => void seen.push(fibers.map((fiber) => fiber.state));
  fibers.push(
    new Fiber(() => {
      fibers[1]!.resume();
      look();
      fibers[1]!.resume();
      look();
    }),
    new Fiber(() => {
      fibers[2]!.resume();
      Fiber.yield();
      look();
    }),
    new Fiber(look),
  );
  fibers[0]!.resume();
  t.deepEqual(seen, [
    ['resuming', 'resuming', 'running'],
    ['running', 'suspended', 'finished'],
    ['resuming', 'running', 'finished'],
    ['running', 'finished', 'finished'],
  ]);
});

test('a body that throws finishes the fiber', (t) => {
  const fiber = new Fiber(() => {
    throw new Error('out');
  });
  t.throws(() => fiber.resume(), { message: 'out' });
  t.deepEqual(stateOf(fiber), ['finished', true]);
});

test('a fiber stays finished after its stack has run other bodies', (t) => {
  const first = new Fiber(() => 1);
  first.resume();
  const later = Array.from({ length: 100 }, () => new Fiber(() => Fiber.yield()));
  for (const fiber of later) fiber.resume();
  t.is(first.state, 'finished');
  for (const fiber of later) fiber.return();
  t.true(later.every((fiber) => fiber.state === 'finished'));
});

test('state and done are read-only', (t) => {
  const fiber = new Fiber(() => Fiber.yield());
  for (const key of ['state', 'done', 'stack'] as const) {
    t.throws(() => ((fiber as unknown as Record<string, unknown>)[key] = 'finished'), {
      instanceOf: TypeError,
    });
  }
  t.is(fiber.state, 'created');
  t.is(fiber.resume(), undefined);
  fiber.return();
});

test('a fiber is still running in the finally blocks of its body', (t) => {
  const states: FiberState[] = [];
  const fiber: Fiber = new Fiber(() => {
    try {
      Fiber.yield();
    } finally {
      states.push(fiber.state);
      Fiber.yield();
      states.push(fiber.state);
    }
  });
  fiber.resume();
  t.is(t.throws(() => (fiber.throw(new Error('x')), fiber.resume())).message, 'x');
  t.deepEqual(states, ['running', 'running']);
});
