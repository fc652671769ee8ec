import test from 'ava';

import { runChild } from '../helpers/child';

const PROGRAM = `
  const { Fiber, engine, isSupported, stats, configure } = require('greenfiber');
  let answer;
  try {
    const fiber = new Fiber((x) => Fiber.yield(x + 1) * 2);
    answer = [fiber.resume(1), fiber.resume(4)];
  } catch (error) {
    answer = [error.name, error.code, error.message];
  }
  configure({ poolSize: 3 });
  console.log(JSON.stringify({ engine, isSupported, answer, alive: stats().alive, yieldable: Fiber.isYieldable() }));
`;

async function run(env: Record<string, string>): Promise<{
  engine: string;
  isSupported: boolean;
  answer: unknown[];
  alive: number;
  yieldable: boolean;
}> {
  const child = await runChild(PROGRAM, { env: { GREENFIBER_ENGINE: '', ...env } });
  if (child.code !== 0) throw new Error(`${String(child.code ?? child.signal)}: ${child.stderr}`);
  return JSON.parse(child.stdout) as Awaited<ReturnType<typeof run>>;
}

test('the direct engine is chosen where it works', async (t) => {
  t.like(await run({}), { engine: 'direct', isSupported: true, answer: [2, 8] });
});

for (const engine of ['direct', 'locker']) {
  test(`GREENFIBER_ENGINE=${engine} chooses the ${engine} engine`, async (t) => {
    t.like(await run({ GREENFIBER_ENGINE: engine }), { engine, answer: [2, 8] });
  });
}

test('a Node without Intl is refused, since code with fast API calls could not be thrown away', async (t) => {
  const { engine, isSupported, answer } = await run({ GREENFIBER_FAULT: 'intl' });
  t.like({ engine, isSupported }, { engine: 'none', isSupported: false });
  t.regex(String(answer[2]), /missing: Intl/);
});

for (const fault of ['calibration', 'self-test']) {
  test(`a failing ${fault} falls back to the locker engine`, async (t) => {
    t.like(await run({ GREENFIBER_FAULT: fault }), {
      engine: 'locker',
      isSupported: true,
      answer: [2, 8],
    });
  });

  test(`a failing ${fault} with no locker engine leaves fibers unsupported, and says so`, async (t) => {
    const { engine, isSupported, answer, alive, yieldable } = await run({
      GREENFIBER_FAULT: `${fault},locker`,
    });
    t.deepEqual([engine, isSupported, alive, yieldable], ['none', false, 0, false]);
    t.is(answer[0], 'FiberError');
    t.is(answer[1], 'ERR_FIBER_UNSUPPORTED');
    const message = String(answer[2]);
    t.true(message.includes(`Found Node ${process.versions.node} (V8 ${process.versions.v8}`));
    t.regex(message, /needed: Node 20, 22, 24 or 26 on Linux \(x86-64 or aarch64\) with glibc/);
    t.regex(message, /report/);
  });

  test(`a failing ${fault} is not papered over when the direct engine was asked for`, async (t) => {
    t.like(await run({ GREENFIBER_FAULT: fault, GREENFIBER_ENGINE: 'direct' }), {
      engine: 'none',
      isSupported: false,
    });
  });
}

test('another value of GREENFIBER_ENGINE is an error with a code', async (t) => {
  const child = await runChild(`require('greenfiber')`, { env: { GREENFIBER_ENGINE: 'fast' } });
  t.is(child.code, 1);
  t.regex(child.stderr, /ERR_FIBER_INVALID_ARG_VALUE/);
  t.regex(child.stderr, /must be "direct" or "locker", not "fast"/);
});
