// Calibration sees a process that was started, or whose program began, in another way than usual.
import test from 'ava';

import { answerOf } from '../helpers/answer';
import type { Program } from '../helpers/child';
import { nodeMajor } from '../helpers/node-major';

const flags = [
  '--frozen-intrinsics',
  '--disable-proto=throw',
  '--disable-proto=delete',
  '--disallow-code-generation-from-strings',
  '--enable-source-maps',
  '--interpreted-frames-native-stack',
  // Before, it prints a warning.
  ...(nodeMajor >= 24 ? ['--jitless'] : []),
  '--max-semi-space-size=1',
  '--no-opt',
  '--single-threaded',
  '--stack-size=200',
  '--stack-trace-limit=0',
];

const usesFibers: Program = ({ Fiber }) => {
  const fiber = new Fiber((first: number) => {
    if (Fiber.yield(first + 1) === 4) throw new Error('thrown');
  });
  const answers: unknown[] = [fiber.resume(1), typeof fiber.stack];
  try {
    fiber.resume(4);
  } catch (error) {
    answers.push((error as Error).message);
  }
  console.log(JSON.stringify(answers));
};
const answers = [2, 'string', 'thrown'];

for (const flag of flags) {
  test(`fibers run under ${flag}`, async (t) => {
    const options = { flags: ['--no-warnings', flag] };
    t.deepEqual(await answerOf(t, usesFibers, options), answers);
  });
}

const preludes = {
  'a limit of no frames': 'Error.stackTraceLimit = 0',
  'no limit of frames': 'delete Error.stackTraceLimit',
  'a limit that is no number': "Error.stackTraceLimit = 'all'",
  'a prepareStackTrace of its own': 'Error.prepareStackTrace = () => 1',
  'a prepareStackTrace that cannot be replaced':
    "Object.defineProperty(Error, 'prepareStackTrace', { value: (error) => error.name })",
  'a frozen Error': 'Object.freeze(Error)',
};

for (const [what, prelude] of Object.entries(preludes)) {
  test(`fibers run in a program that has ${what}`, async (t) => {
    const program = `${prelude}; (${String(usesFibers)})(require('greenfiber'))`;
    t.like(await answerOf(t, program), [2]);
  });
}

test('a program finds Error as it left it', async (t) => {
  const program = `
    let value = 1;
    const accessor = { get: () => value, set: (next) => (value = next), configurable: true };
    Object.defineProperty(Error, 'prepareStackTrace', accessor);
    Error.stackTraceLimit = 3;
    const read = () => JSON.stringify([Object.getOwnPropertyDescriptors(Error), value]);
    const before = read();
    require('greenfiber');
    console.log(JSON.stringify([read() === before, typeof accessor.get]));
  `;
  t.deepEqual(await answerOf(t, program), [true, 'function']);
});
