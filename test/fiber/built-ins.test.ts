import test from 'ava';
import { Fiber } from 'greenfiber';

import { builtIns, type BuiltIn } from '../helpers/built-ins';
import { swallowing } from '../helpers/swallowing';

const answer = (value: unknown): unknown =>
  typeof value === 'number' ? value * 2 : `<${String(value)}>`;

/** A fiber that asks its resumer whatever the built-in's callback is asked. */
const asking = (run: BuiltIn): Fiber => new Fiber(() => run((value) => Fiber.yield(value)));

for (const [name, run] of Object.entries({ ...builtIns, ...swallowing })) {
  test(`a yield below ${name} is a call that takes its time`, (t) => {
    const expected = run(answer);
    const fibers = [asking(run), asking(run), asking(run)];
    const answers = fibers.map((fiber) => fiber.resume());
    t.deepEqual(
      fibers.map((fiber) => fiber.state),
      ['suspended', 'suspended', 'suspended'],
    );
    gc!();
    for (let turn = 0; fibers.some((fiber) => !fiber.done); turn++) {
      if (turn % 8 === 0) gc!({ type: 'minor' });
      fibers.forEach((fiber, i) => {
        if (!fiber.done) answers[i] = fiber.resume(answer(answers[i]));
      });
    }
    for (const result of answers) t.deepEqual(result, expected);
  });
}

for (const [name, run] of Object.entries(builtIns)) {
  test(`an error thrown into ${name} comes out of resume`, (t) => {
    const fiber = asking(run);
    fiber.resume();
    const error = new Error(name);
    const drive = (): void => {
      fiber.throw(error);
      while (!fiber.done) fiber.resume(); // yields of its finally blocks
    };
    t.is(t.throws(drive), error);
    t.true(fiber.done);
  });

  test(`return unwinds ${name}`, (t) => {
    let unwound = false;
    const fiber = new Fiber(() => {
      try {
        return run((value) => Fiber.yield(value));
      } finally {
        unwound = true;
      }
    });
    fiber.resume();
    fiber.return();
    t.true(unwound);
    t.true(fiber.done);
  });
}

test('Error.prepareStackTrace may yield, and formats for everybody else meanwhile', (t) => {
  const { prepareStackTrace } = Error;
  try {
    Error.prepareStackTrace = (error) => `prepared ${error.message} ${Fiber.yield('preparing')}`;
    const fiber = new Fiber(() => new Error('inside').stack);
    t.is(fiber.resume(), 'preparing');
    Error.prepareStackTrace = (error) => `other ${error.message}`;
    t.is(new Error('outside').stack, 'other outside');
    t.is(new Fiber(() => new Error('elsewhere').stack).resume(), 'other elsewhere');
    t.is(fiber.resume('done'), 'prepared inside done');
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
  }
});
