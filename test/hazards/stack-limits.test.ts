// The stack limit is the running stack's own and follows every switch.
import vm from 'node:vm';

import test from 'ava';
import { Fiber } from 'greenfiber';

import { answerOf } from '../helpers/answer';
import { onDirect } from '../helpers/on-direct';

const recurse = (): number => recurse() + 1;

/** How deep a call can go from here. */
function depth(): number {
  let deepest = 0;
  const down = (level: number): void => {
    deepest = level;
    down(level + 1);
  };
  try {
    down(1);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return deepest;
}

test('a fiber overflows its own stack, before and after it was suspended', (t) => {
  const fiber = new Fiber(() => {
    const first = t.throws(recurse, { instanceOf: RangeError });
    Fiber.yield();
    const second = t.throws(recurse, { instanceOf: RangeError });
    return [first.message, second.message];
  });
  fiber.resume();
  t.throws(recurse, { instanceOf: RangeError });
  t.deepEqual(fiber.resume(), new Array(2).fill('Maximum call stack size exceeded'));
});

test('an overflow that leaves the fiber is an ordinary error for the resumer', (t) => {
  const fiber = new Fiber(() => {
    Fiber.yield();
    recurse();
  });
  fiber.resume();
  t.throws(() => fiber.resume(), { instanceOf: RangeError });
  t.true(fiber.done);
  t.is(new Fiber(() => 'fine').resume(), 'fine');
});

test('how deep calls may go depends on the running stack alone', (t) => {
  depth(); // compiled
  const main = depth();
  const sizes = [128, 512, 2048].map((kibibytes) => kibibytes * 1024);
  const fibers = sizes.map(
    (stackSize) => new Fiber(() => [depth(), Fiber.yield(), depth()], { stackSize }),
  );
  for (const fiber of fibers) fiber.resume();
  const between = depth();
  const depths = fibers
    .reverse()
    .map((fiber) => fiber.resume() as number[])
    .reverse();
  for (const [first, , second] of depths)
    t.true(Math.abs(first! - second!) < first! / 3, `${depths}`);
  t.true(depths[0]![0]! * 2 < depths[1]![0]!, `${depths}`);
  t.true(depths[1]![0]! * 2 < depths[2]![0]!, `${depths}`);
  t.true(Math.abs(main - between) < main / 3, `${main}, ${between}`);
});

onDirect('an interrupt that comes while a fiber runs is served there and not lost', (t) => {
  let after = 0;
  const fiber = new Fiber(() => {
    Fiber.yield();
    for (const end = Date.now() + 5000; Date.now() < end;) after++;
  });
  fiber.resume();
  t.throws(() => vm.runInNewContext('fiber.resume()', { fiber }, { timeout: 300 }), {
    code: 'ERR_SCRIPT_EXECUTION_TIMEOUT',
  });
  t.true(after > 0);
});

onDirect(
  'an interrupt that is asked for in one stack and served in another is not lost either',
  async (t) => {
    // Two fibers hand the processor to and fro, so that the request meets a switch sooner or later.
    const answer = await answerOf(t, ({ Fiber }) => {
      const vm = require('node:vm') as typeof import('node:vm');
      let ended = 0;
      for (let round = 0; round < 20; round++) {
        const spin = (): never => {
          for (;;) Fiber.yield();
        };
        const fibers = [new Fiber(spin), new Fiber(spin)];
        const source = 'for (;;) { fibers[0].resume(); fibers[1].resume(); }';
        try {
          vm.runInNewContext(source, { fibers }, { timeout: 5 });
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') ended++;
        }
      }
      console.log(ended);
    });
    t.is(answer, 20);
  },
);

test("the main stack's limit is right again after a fiber ended by an overflow in C++ code", (t) => {
  const before = depth();
  const parse = (): unknown => [JSON.parse('{"a":1}'), parse()];
  const match = (): unknown => [/^(?:a|ab)+c$/.test('ab'.repeat(200)), match()];
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- compiles
  const compile = (): unknown => [new Function(`return ${String(Math.random())}`)(), compile()];
  for (const body of [parse, match, compile]) {
    t.throws(() => new Fiber(body).resume(), { instanceOf: RangeError });
  }
  const after = depth();
  t.true(Math.abs(before - after) < before / 3, `${before}, ${after}`);
});
