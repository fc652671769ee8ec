// Suspended stacks that refer to nothing young are left out of scavenges, and nobody else misses them.
import { join } from 'node:path';
import v8 from 'node:v8';

import test, { type ExecutionContext } from 'ava';
import { engine, Fiber, sleep, spawn, stats } from 'greenfiber';

import { answerOf } from '../helpers/answer';
import { runChild } from '../helpers/child';
import { nodeMajor } from '../helpers/node-major';
import { addonPath } from '../helpers/test-addon';

const minor = (): void => gc!({ type: 'minor' } as never);

/** V8 is understood after a few scavenges; whatever survives two is old. */
function scavengeUntilOld(): void {
  for (let i = 0; i < 8; i++) minor();
}

const directly = engine === 'direct' ? test.serial : test.serial.skip;

/** Suspends `count` fibers and scavenges until they are old. */
function suspendOld<R>(count: number, body: (i: number) => R): Fiber<unknown, R>[] {
  const fibers = Array.from({ length: count }, (_, i) => new Fiber<unknown, R>(() => body(i)));
  for (const fiber of fibers) fiber.resume();
  scavengeUntilOld();
  return fibers;
}

test('stats() tells whether scavenges are flat, and if not, why', (t) => {
  scavengeUntilOld();
  const { state, reason, leftOut } = stats().flatScavenges;
  if (engine === 'direct') {
    t.deepEqual({ state, reason }, { state: 'on', reason: '' });
  } else {
    t.deepEqual(
      { state, reason, leftOut },
      { state: 'off', reason: 'the locker engine lets V8 walk every stack', leftOut: 0 },
    );
  }
});

directly('a fiber that sleeps through scavenges is left out until it runs again', (t) => {
  const leftOut = (): number => stats().flatScavenges.leftOut;
  const fibers = suspendOld(300, (i) => {
    const held = { i };
    Fiber.yield();
    const young = { i: held.i + 1 };
    Fiber.yield();
    return held.i + young.i;
  });
  const all = leftOut(); // and stacks that wait for the next body
  t.true(all >= 300);
  for (const fiber of fibers) fiber.resume();
  t.is(leftOut(), all - 300);
  minor();
  t.is(leftOut(), all - 300, 'they hold young objects');
  scavengeUntilOld();
  t.is(leftOut(), all);
  t.deepEqual(
    fibers.map((fiber) => fiber.resume()),
    fibers.map((_, i) => 2 * i + 1),
  );
  t.is(leftOut(), all - 300);
});

directly('a fiber that holds a young object and sleeps is not left out', (t) => {
  const fibers = suspendOld(100, (i) => {
    let held = { i };
    for (let turn = 0; turn < 5; turn++) {
      Fiber.yield();
      held = { i: held.i + 1 };
    }
    return held.i;
  });
  for (let turn = 0; turn < 5; turn++) {
    const done = fibers.map((fiber) => fiber.resume());
    if (turn === 4) {
      t.deepEqual(
        done,
        fibers.map((_, i) => i + 5),
      );
    }
    minor();
  }
});

test('an error thrown into an old fiber survives scavenges on its way', (t) => {
  const fibers = suspendOld(100, () => {
    try {
      Fiber.yield();
      return 'nothing';
    } catch (error) {
      minor();
      Fiber.yield();
      return (error as Error).message;
    }
  });
  fibers.forEach((fiber, i) => fiber.throw(new Error(`young ${i}`)));
  minor();
  minor();
  t.deepEqual(
    fibers.map((fiber) => fiber.resume()),
    fibers.map((_, i) => `young ${i}`),
  );
});

test('return() ends old fibers, whose finally blocks see scavenges', (t) => {
  let ended = 0;
  const fibers = suspendOld<unknown>(100, () => {
    const held = { ended: 1 };
    try {
      Fiber.yield();
    } finally {
      minor();
      ended += held.ended;
    }
  });
  fibers.forEach((fiber, i) => {
    t.deepEqual(fiber.return({ i }), { done: true, value: { i } });
  });
  t.is(ended, 100);
});

test('a young reason reaches every fiber of an old chain that is cancelled', async (t) => {
  const reasons: unknown[] = [];
  const nested = (level: number): void => {
    try {
      if (level === 0) sleep(1e6);
      else new Fiber(() => nested(level - 1)).resume();
    } catch (error) {
      minor();
      reasons.push(error);
      throw error;
    }
  };
  const task = spawn(() => nested(20));
  await spawn(() => sleep(1));
  scavengeUntilOld();
  const reason = new Error('young reason');
  task.cancel(reason);
  minor();
  await t.throwsAsync(task.then(), { is: reason });
  t.deepEqual(
    reasons,
    Array.from({ length: 21 }, () => reason),
  );
});

test('the stack trace of an old fiber can be asked for, and the fiber sleeps on', (t) => {
  const fibers = suspendOld(50, function sleeper(i: number) {
    const held = { i };
    Fiber.yield();
    return held.i;
  });
  for (const fiber of fibers) t.regex(fiber.stack, /sleeper/);
  scavengeUntilOld();
  minor();
  t.deepEqual(
    fibers.map((fiber) => fiber.resume()),
    fibers.map((_, i) => i),
  );
});

test('a full collection sees what only old fibers hold, also when it moves everything', async (t) => {
  const answer = await answerOf(
    t,
    ({ Fiber }) => {
      const refs: WeakRef<object>[] = [];
      const fibers = Array.from(
        { length: 500 },
        (_, i) =>
          new Fiber(() => {
            const held = { i, text: `held by ${i}` };
            refs.push(new WeakRef(held));
            Fiber.yield();
            return held.text;
          }),
      );
      for (const fiber of fibers) fiber.resume();
      for (let i = 0; i < 8; i++) gc!({ type: 'minor' } as never);
      setTimeout(() => {
        gc!();
        gc!();
        const alive = refs.filter((ref) => ref.deref() !== undefined).length;
        const right = fibers.filter((fiber, i) => fiber.resume() === `held by ${i}`).length;
        console.log(JSON.stringify([alive, right]));
      }, 1);
    },
    { flags: ['--expose-gc', '--stress-compaction'] },
  );
  t.deepEqual(answer, [500, 500]);
});

test('a heap snapshot sees what only old fibers hold', (t) => {
  class HeldByAnOldFiber {
    readonly mark = 1;
  }
  const fibers = suspendOld(20, () => {
    const held = new HeldByAnOldFiber();
    Fiber.yield();
    return held;
  });
  const chunks: Buffer[] = [];
  const snapshot = v8.getHeapSnapshot();
  for (let chunk; (chunk = snapshot.read() as Buffer | null) !== null;) chunks.push(chunk);
  const {
    snapshot: header,
    nodes,
    strings,
  } = JSON.parse(Buffer.concat(chunks).toString()) as {
    snapshot: { meta: { node_fields: string[] } };
    nodes: number[];
    strings: string[];
  };
  const fields = header.meta.node_fields.length;
  const name = strings.indexOf('HeldByAnOldFiber');
  const found = nodes.filter(
    (value, i) => i % fields === header.meta.node_fields.indexOf('name') && value === name,
  ).length;
  t.true(found >= 20, `${found} found`);
  for (const fiber of fibers) t.true(fiber.resume() instanceof HeldByAnOldFiber);
});

test('optimised code of frames in old fibers is deoptimised', async (t) => {
  const source = `
    const { Fiber } = require('greenfiber');
    const shape = { value: 1 };
    function step(object) { Fiber.yield(); return object.value + 1; }
    %PrepareFunctionForOptimization(step);
    new Fiber(() => step(shape)).resume();
    const warm = new Fiber(() => { for (let i = 0; i < 10; i++) step(shape); });
    while (!warm.done) warm.resume();
    %OptimizeFunctionOnNextCall(step);
    const fibers = Array.from({ length: 100 }, () => new Fiber(() => step({ value: 41 })));
    for (const fiber of fibers) fiber.resume();
    for (let i = 0; i < 8; i++) gc({ type: 'minor' });
    %DeoptimizeFunction(step);
    Object.defineProperty(shape, 'value', { get: () => 'changed' });
    for (let i = 0; i < 3; i++) gc({ type: 'minor' });
    gc();
    console.log(JSON.stringify([...new Set(fibers.map((fiber) => fiber.resume()))]));`;
  t.deepEqual(
    await answerOf(t, source, { flags: ['--expose-gc', '--allow-natives-syntax'] }),
    [42],
  );
});

test('a breakpoint set in a function that old fibers sleep in is hit when they wake', async (t) => {
  const answer = await answerOf(
    t,
    ({ Fiber }) => {
      const { Session } = require('node:inspector') as typeof import('node:inspector');
      function sleeper(i: number): number {
        const held = { i };
        Fiber.yield();
        return held.i;
      }
      const fibers = Array.from({ length: 20 }, (_, i) => new Fiber(() => sleeper(i)));
      for (const fiber of fibers) fiber.resume();
      for (let i = 0; i < 8; i++) gc!({ type: 'minor' } as never);
      const session = new Session();
      session.connect();
      session.post('Debugger.enable');
      let hits = 0;
      session.on('Debugger.paused', () => {
        hits++;
        gc!({ type: 'minor' } as never);
        session.post('Debugger.resume');
      });
      Object.assign(globalThis, { sleeper });
      session.post('Runtime.evaluate', { expression: 'sleeper' }, (_, { result }) => {
        session.post('Runtime.getProperties', { objectId: result.objectId! }, (_, properties) => {
          const { value } = properties.internalProperties!.find(
            ({ name }) => name === '[[FunctionLocation]]',
          )!;
          const { scriptId, lineNumber } = value!.value as { scriptId: string; lineNumber: number };
          session.post('Debugger.setBreakpoint', {
            location: { scriptId, lineNumber: lineNumber + 3 },
          });
        });
      });
      gc!({ type: 'minor' } as never);
      const right = fibers.filter((fiber, i) => fiber.resume() === i).length;
      session.disconnect();
      console.log(JSON.stringify([hits, right]));
    },
    { flags: ['--expose-gc'] },
  );
  t.deepEqual(answer, [20, 20]);
});

directly('each worker has generations of its own', async (t) => {
  const answers = (await answerOf(t, join(__dirname, '../fixtures/generations-worker.cjs'), {
    flags: ['--expose-gc'],
    env: { GREENFIBER_VERIFY_GENERATIONS: '1' },
  })) as { wrong: number; state: string; leftOut: number; fibers: number }[];
  t.is(answers.length, 4);
  for (const { wrong, state, leftOut, fibers } of answers) {
    t.is(wrong, 0);
    t.is(state, 'on');
    t.true(leftOut >= fibers, `${leftOut} of ${fibers}`);
  }
});

directly('it is off, and says so, where V8 marks the young generation', async (t) => {
  const flag = nodeMajor < 22 ? '--minor-mc' : '--minor-ms';
  const answer = await answerOf(t, manyOldFibers, { flags: ['--expose-gc', flag] });
  t.deepEqual(answer, [200, 'off', 'V8 collects the young generation by marking', 0]);
});

directly('it is off when the environment says so', async (t) => {
  const answer = await answerOf(t, manyOldFibers, {
    flags: ['--expose-gc'],
    env: { GREENFIBER_FLAT_SCAVENGES: '0' },
  });
  t.deepEqual(answer, [200, 'off', 'GREENFIBER_FLAT_SCAVENGES=0', 0]);
});

/** Where objects do not move, it may be on or off, but never wrong. */
async function staysRight(t: ExecutionContext, flag: string): Promise<void> {
  const answer = (await answerOf(t, manyOldFibers, {
    flags: ['--expose-gc', flag],
    env: { GREENFIBER_VERIFY_GENERATIONS: '1' },
  })) as unknown[];
  t.is(answer[0], 200);
  t.log(flag, answer);
}

if (nodeMajor >= 24) {
  test('objects that V8 pins are not mistaken for old ones', async (t) => {
    await staysRight(t, '--stress-scavenger-conservative-object-pinning');
    await staysRight(t, '--scavenger-conservative-object-pinning');
  });
}

directly('verification ends the process when something wrote to an old stack unseen', async (t) => {
  const source = `
    const { Fiber, stats } = require('greenfiber');
    const addon = require(${JSON.stringify(addonPath('v8_addon'))});
    const fiber = new Fiber(() => addon.insideOpenSlot(() => Fiber.yield()));
    fiber.resume();
    for (let i = 0; i < 8; i++) gc({ type: 'minor' });
    console.log(stats().flatScavenges.leftOut > 0);
    addon.writeOpenSlot({ young: true });
    gc({ type: 'minor' });
    console.log('unnoticed');`;
  const { signal, stdout, stderr } = await runChild(source, {
    flags: ['--expose-gc'],
    env: { GREENFIBER_VERIFY_GENERATIONS: '1' },
  });
  t.deepEqual({ signal, stdout }, { signal: 'SIGABRT', stdout: 'true\n' });
  t.regex(stderr, /greenfiber: an old stack refers to a young object/);
});

function manyOldFibers({ Fiber, stats }: typeof import('greenfiber')): void {
  const fibers = Array.from(
    { length: 200 },
    (_, i) =>
      new Fiber(() => {
        let held = { i };
        for (let turn = 0; turn < 3; turn++) {
          Fiber.yield();
          held = { i: held.i };
        }
        return held.i;
      }),
  );
  for (let turn = 0; turn < 3; turn++) {
    for (const fiber of fibers) fiber.resume();
    for (let i = 0; i < 8; i++) gc!({ type: 'minor' } as never);
  }
  const { state, reason, leftOut } = stats().flatScavenges;
  const right = fibers.filter((fiber, i) => fiber.resume() === i).length;
  console.log(JSON.stringify([right, state, reason, leftOut]));
}
