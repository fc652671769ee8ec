// Minor collections visit stacks by their shape, and find in them what V8 would.
import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';
import { engine, Fiber, stats } from 'greenfiber';

import { answerOf } from '../helpers/answer';
import { runChild } from '../helpers/child';
import { addonPath } from '../helpers/test-addon';

interface Shapes {
  state: string;
  reason: string;
  visited: number;
  walked: number;
  compared: number;
  bytes: number;
}

const fixture = (name: string): string => join(__dirname, '../fixtures', name);
const minor = (): void => gc!({ type: 'minor' } as never);
const directly = engine === 'direct' ? test.serial : test.serial.skip;

/** Runs a fixture with shape maps, and once more with each stack compared. */
async function staysRight(
  t: ExecutionContext,
  name: string,
  { flags = [] as string[], env = {}, on = true } = {},
): Promise<void> {
  for (const compares of ['0', '1']) {
    const { wrong, shapes } = (await answerOf(t, fixture(name), {
      flags,
      env: { ...env, GREENFIBER_VERIFY_SHAPES: compares },
      timeout: 240_000,
    })) as { wrong: unknown; shapes: Shapes };
    t.log(flags.join(' '), shapes);
    t.deepEqual(wrong, name.startsWith('code') ? 0 : []);
    if (engine !== 'direct' || !on) continue;
    t.is(shapes.state, 'on', shapes.reason);
    t.true(shapes.compared > 0, 'compared');
    t.is(shapes.visited > 0, compares === '0', 'visited');
  }
}

test('stats() tells whether stacks are visited by their shape, and if not, why', (t) => {
  const fibers = Array.from(
    { length: 500 },
    (_, i) =>
      new Fiber(() => {
        let held = { i };
        for (;;) {
          Fiber.yield();
          held = { i: held.i };
        }
      }),
  );
  const before = stats().shapeMaps;
  for (let turn = 0; turn < 12; turn++) {
    for (const fiber of fibers) fiber.resume();
    minor();
  }
  const { state, reason, visited, walked, compared, bytes } = stats().shapeMaps;
  for (const fiber of fibers) fiber.return();
  if (engine === 'direct') {
    t.deepEqual({ state, reason }, { state: 'on', reason: '' });
    t.true(visited - before.visited > 10 * (walked - before.walked), `${visited} of ${walked}`);
    t.true(compared > 0);
    t.true(bytes > 0 && bytes < 1e5, `${bytes} bytes`);
  } else {
    t.deepEqual(
      { state, reason, visited, walked, bytes },
      {
        state: 'off',
        reason: 'the locker engine lets V8 walk every stack',
        visited: 0,
        walked: 0,
        bytes: 0,
      },
    );
  }
});

const addon = { ADDON: addonPath('v8_addon') };

test('fibers asleep in every built-in and in addons keep what they hold', async (t) => {
  await staysRight(t, 'asleep-by-shape.cjs', { env: addon });
});

test('also when everything moves', async (t) => {
  await staysRight(t, 'asleep-by-shape.cjs', {
    flags: ['--compact-on-every-full-gc'],
    env: addon,
  });
});

test('also when V8 collects all the time', async (t) => {
  const flags = ['--max-semi-space-size=1', '--stress-scavenge=60', '--gc-interval=2000'];
  // With these V8 scavenges before anybody sleeps.
  await staysRight(t, 'asleep-by-shape.cjs', { flags, env: addon, on: false });
});

test('also where profilers get a copy of the interpreter for each function', async (t) => {
  await staysRight(t, 'asleep-by-shape.cjs', { flags: ['--interpreted-frames-native-stack'] });
});

test('code that gets optimised, goes and moves is told from what was there before', async (t) => {
  await staysRight(t, 'code-that-moves.cjs');
  await staysRight(t, 'code-that-moves.cjs', { flags: ['--compact-on-every-full-gc'] });
});

test('code that V8 flushes as often as it can is, too', async (t) => {
  await staysRight(t, 'code-that-moves.cjs', {
    flags: ['--stress-flush-code', '--flush-bytecode'],
  });
});

const compares = { GREENFIBER_VERIFY_SHAPES: '1' };

/** How many fibers are there, and how many answered right, with maps and when each stack is compared. */
async function allRight(t: ExecutionContext, source: string, flags: string[]): Promise<void> {
  for (const env of [{}, compares]) {
    const answer = (await answerOf(t, source, { flags: ['--expose-gc', ...flags], env })) as {
      right: boolean;
      shapes: Shapes;
    };
    t.true(answer.right);
    if (engine !== 'direct') continue;
    t.is(answer.shapes.state, 'on', answer.shapes.reason);
    t.true(answer.shapes.compared > 0);
  }
}

const prelude = `
  const { Fiber, stats } = require('greenfiber');
  const minor = () => gc({ type: 'minor' });
  for (let i = 0; i < 8; i++) { new Fiber(() => Fiber.yield()).resume(); minor(); }
  const done = (fibers) => fibers.map((f) => { let v; do v = f.resume(); while (!f.done); return v; });
  const say = (right) => console.log(JSON.stringify({ right, shapes: stats().shapeMaps }));`;

test('optimised code of frames that were visited by their shape is deoptimised', async (t) => {
  const source = `${prelude}
    const shape = { value: 1 };
    function step(object) { const held = { v: object.value }; Fiber.yield(); return object.value + held.v; }
    %PrepareFunctionForOptimization(step);
    const warm = new Fiber(() => { for (let i = 0; i < 10; i++) step(shape); });
    while (!warm.done) warm.resume();
    %OptimizeFunctionOnNextCall(step);
    const fibers = Array.from({ length: 100 }, () => new Fiber(() => step({ value: 21 })));
    for (const fiber of fibers) fiber.resume();
    minor();
    %DeoptimizeFunction(step);
    // Before they have run again, of two kinds: frames that will be deoptimised, and frames of the interpreter.
    const later = Array.from({ length: 100 }, () => new Fiber(() => step({ value: 21 })));
    for (const fiber of later) fiber.resume();
    minor();
    Object.defineProperty(shape, 'value', { get: () => 'changed' });
    minor();
    const values = [...done(fibers), ...done(later)];
    say(values.every((value) => value === 42));`;
  await allRight(t, source, ['--allow-natives-syntax']);
});

test('a debugger that stops in frames that were visited by their shape changes nothing', async (t) => {
  const source = `${prelude}
    const { Session } = require('node:inspector');
    function sleeper(i) {
      const held = { i };
      Fiber.yield();
      return held.i + 0;
    }
    const fibers = Array.from({ length: 50 }, (_, i) => new Fiber(() => sleeper(i)));
    for (const fiber of fibers) fiber.resume();
    minor();
    const session = new Session();
    session.connect();
    session.post('Debugger.enable');
    let hits = 0;
    session.on('Debugger.paused', () => { hits++; minor(); session.post('Debugger.stepOver'); });
    globalThis.sleeper = sleeper;
    session.post('Runtime.evaluate', { expression: 'sleeper' }, (_, { result }) => {
      session.post('Runtime.getProperties', { objectId: result.objectId }, (_, { internalProperties }) => {
        const { value } = internalProperties.find(({ name }) => name === '[[FunctionLocation]]').value;
        session.post('Debugger.setBreakpoint', {
          location: { scriptId: value.scriptId, lineNumber: value.lineNumber + 3 },
        });
      });
    });
    const later = Array.from({ length: 50 }, (_, i) => new Fiber(() => sleeper(i)));
    for (const fiber of later) fiber.resume();
    minor();
    const values = [...done(fibers), ...done(later)];
    session.disconnect();
    minor();
    say(hits >= 100 && values.every((value, i) => value === i % 50));`;
  await allRight(t, source, []);
});

test('an isolate of its own has maps of its own', async (t) => {
  const source = `
    const { Worker } = require('node:worker_threads');
    const body = ${JSON.stringify(`${prelude}
      const fibers = Array.from({ length: 200 }, (_, i) => new Fiber(() => {
        let held = { i };
        for (let turn = 0; turn < 9; turn++) { Fiber.yield(); held = { i: held.i }; }
        return held.i;
      }));
      for (let turn = 0; turn < 9; turn++) { for (const fiber of fibers) fiber.resume(); minor(); }
      const values = done(fibers);
      require('node:worker_threads').parentPort.postMessage({
        right: values.every((value, i) => value === i), shapes: stats().shapeMaps,
      });`)};
    const answers = [];
    for (let i = 0; i < 2; i++) {
      new Worker(body, { eval: true }).on('message', (answer) => {
        answers.push(answer);
        if (answers.length < 2) return;
        const shapes = answers.find(({ shapes }) => shapes.compared === 0)?.shapes ?? answers[0].shapes;
        console.log(JSON.stringify({ right: answers.every(({ right }) => right), shapes }));
      });
    }`;
  await allRight(t, source, []);
});

directly('a stack with WebAssembly on it is left to V8', async (t) => {
  const source = `${prelude}
    const bytes = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 6, 1, 96, 1, 127, 1, 127, 2, 6, 1, 0, 1, 102, 0, 0,
      3, 2, 1, 0, 7, 5, 1, 1, 103, 0, 1, 10, 11, 1, 9, 0, 32, 0, 16, 0, 65, 1, 106, 11]);
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
      '': { f: (n) => { const held = { n }; for (let i = 0; i < 9; i++) Fiber.yield(); return held.n; } },
    });
    const turns = (count, body) => {
      const fibers = Array.from({ length: count }, (_, i) => new Fiber(() => body(i)));
      const before = stats().shapeMaps.visited;
      for (let turn = 0; turn < 6; turn++) { for (const fiber of fibers) fiber.resume(); minor(); }
      const visited = stats().shapeMaps.visited - before;
      return [visited, done(fibers).every((value, i) => value === i + 1)];
    };
    minor(); minor(); minor();
    console.log(JSON.stringify(turns(50, (i) => exports.g(i))));`;
  const [visited, right] = (await answerOf(t, source)) as [number, boolean];
  t.true(right);
  t.is(visited, 0);
});

directly('what maps take is bounded, and what has no room is walked', async (t) => {
  const source = `${prelude}
    const down = (n) => {
      if (n === 0) { for (let i = 0; i < 6; i++) Fiber.yield(); return 0; }
      return n & 1 ? down(n - 1) + 1 : [n].map(() => down(n - 1))[0] + 1;
    };
    const fibers = Array.from({ length: 2500 }, (_, i) => new Fiber(() => down(i % 250) - i % 250 + i));
    for (let turn = 0; turn < 5; turn++) {
      for (const fiber of fibers) {
        // Bodies in sizes of their own.
        fiber.resume();
      }
      minor();
    }
    const { bytes } = stats().shapeMaps;
    gc();
    const after = stats().shapeMaps.bytes;
    console.log(JSON.stringify([bytes, after, done(fibers).every((value, i) => value === i), stats().shapeMaps.state]));`;
  const [bytes, after, right, state] = (await answerOf(t, source)) as unknown[];
  t.log(bytes);
  t.true((bytes as number) > 1e5 && (bytes as number) < 4.5e6, String(bytes));
  t.deepEqual([after, right, state], [0, true, 'on']);
});

directly('it is off when the environment says so', async (t) => {
  const { wrong, shapes } = (await answerOf(t, fixture('asleep-by-shape.cjs'), {
    env: { GREENFIBER_SHAPE_MAPS: '0' },
  })) as { wrong: unknown; shapes: Shapes };
  t.deepEqual(
    [wrong, shapes],
    [
      [],
      {
        state: 'off',
        reason: 'GREENFIBER_SHAPE_MAPS=0',
        visited: 0,
        walked: 0,
        compared: 0,
        bytes: 0,
      },
    ],
  );
});

/** Two kinds of stacks of the same size, whose frames are not: what tells them apart is left out of the key. */
const twoShapes = `${prelude}
  function narrow(f) { const a = { v: 1 }; const v = f(); return v + a.v; }
  function wide(f) {
    const a = { v: 1 }, b = { v: 2 }, c = { v: 3 }, d = { v: 4 };
    const v = f();
    return v + a.v + b.v + c.v + d.v;
  }
  const pause = () => { for (let i = 0; i < 4; i++) Fiber.yield(); return 0; };
  const fibers = Array.from({ length: 40 }, (_, i) => new Fiber(() =>
    i % 2 ? narrow(() => wide(pause)) : wide(() => narrow(pause))));
  for (let turn = 0; turn < 3; turn++) { for (const fiber of fibers) fiber.resume(); minor(); }
  const values = done(fibers);
  console.log(JSON.stringify([values.every((value) => value === 11), stats().shapeMaps.state, stats().shapeMaps.reason]));`;

const SAYS = /greenfiber: a stack was visited otherwise than its shape told: \d+ slots/g;

directly(
  'a key that leaves something out is noticed, said once, and V8 walks from then on',
  async (t) => {
    const { code, stdout, stderr } = await runChild(twoShapes, {
      flags: ['--expose-gc'],
      env: { GREENFIBER_FAULT: 'shape-key', GREENFIBER_VERIFY_SHAPES: '' },
    });
    t.is(code, 0);
    t.deepEqual(JSON.parse(stdout), [
      true,
      'off',
      'a stack was visited otherwise than its shape told',
    ]);
    t.is(stderr.match(SAYS)?.length, 1, stderr);
  },
);

directly('when each stack is compared, that ends the process', async (t) => {
  const { signal, stderr } = await runChild(twoShapes, {
    flags: ['--expose-gc'],
    env: { GREENFIBER_FAULT: 'shape-key', ...compares },
  });
  t.is(signal, 'SIGABRT');
  t.is(stderr.match(SAYS)?.length, 1, stderr);
});

directly('without the fault the same program has nothing to say', async (t) => {
  t.deepEqual(await answerOf(t, twoShapes, { env: compares }), [true, 'on', '']);
});
