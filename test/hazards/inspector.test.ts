// The inspector in the same process.
import { Session } from 'node:inspector';

import test from 'ava';
import { engine, Fiber } from 'greenfiber';

import { answerOf } from '../helpers/answer';
import { runChild } from '../helpers/child';

test('an expression that the inspector evaluates in a fiber may yield', async (t) => {
  const answer = await answerOf(t, ({ Fiber }) => {
    const { Session } = require('node:inspector') as typeof import('node:inspector');
    const session = new Session();
    session.connect();
    Object.assign(globalThis, { ask: Fiber.yield });
    const seen: unknown[] = [];
    const fiber = new Fiber(() => {
      session.post('Runtime.evaluate', { expression: 'ask() + 1' }, (error, result) => {
        seen.push(error ?? result.result.value);
      });
      return 'end';
    });
    fiber.resume();
    process.nextTick(() => seen.push('tick'));
    setTimeout(() => {
      session.post('Runtime.evaluate', { expression: '5' }, (_, result) =>
        seen.push(result.result.value),
      );
      seen.push(fiber.resume(1));
      session.disconnect();
      console.log(JSON.stringify(seen));
    }, 5);
  });
  t.deepEqual(answer, ['tick', 5, 2, 'end']);
});

test('the debugger pauses in a fiber, shows its frames and goes on', async (t) => {
  const answer = await answerOf(t, ({ Fiber }) => {
    const { Session } = require('node:inspector') as typeof import('node:inspector');
    const session = new Session();
    session.connect();
    const paused: string[][] = [];
    session.on('Debugger.paused', ({ params }) => {
      paused.push(params.callFrames.slice(0, 2).map((frame) => frame.functionName));
      session.post('Debugger.resume');
    });
    session.post('Debugger.enable');
    const stopsHere = (): void => {
      Fiber.yield();
      // eslint-disable-next-line no-debugger
      debugger;
    };
    const fibers = [1, 2].map(
      () =>
        new Fiber(function bodyOfFiber() {
          stopsHere();
        }),
    );
    for (const fiber of fibers) fiber.resume();
    for (const fiber of fibers) fiber.resume();
    session.post('Debugger.disable');
    session.disconnect();
    console.log(JSON.stringify(paused));
  });
  t.deepEqual(answer, new Array(2).fill(['stopsHere', 'bodyOfFiber']));
});

test('stepping over a yield neither crashes nor hangs', async (t) => {
  const answer = await answerOf(t, ({ Fiber }) => {
    const { Session } = require('node:inspector') as typeof import('node:inspector');
    const session = new Session();
    session.connect();
    let pauses = 0;
    session.on('Debugger.paused', () => {
      pauses++;
      session.post(
        pauses < 12
          ? pauses % 3 === 0
            ? 'Debugger.stepInto'
            : 'Debugger.stepOver'
          : 'Debugger.resume',
      );
    });
    session.post('Debugger.enable');
    const fiber = new Fiber(() => {
      // eslint-disable-next-line no-debugger
      debugger;
      let sum = 0;
      for (let i = 0; i < 5; i++) sum += Fiber.yield<number>(i);
      return sum;
    });
    fiber.resume();
    let last: unknown;
    for (let i = 0; i < 5; i++) last = fiber.resume(1);
    session.post('Debugger.disable');
    session.disconnect();
    console.log(JSON.stringify([last, pauses > 3]));
  });
  t.deepEqual(answer, [5, true]);
});

/** Where a debugger stops that steps from a `debugger` statement on; `skipped`: as what it is told to skip. */
const steps = (skipped: string): string => `
    const { Session } = require('node:inspector');
    const { engine, Fiber, spawn, sleep, wait } = require('greenfiber');
    const session = new Session();
    session.connect();
    const urls = new Map();
    const stops = [];
    let way = [];
    session.on('Debugger.scriptParsed', ({ params }) => urls.set(params.scriptId, params.url));
    session.on('Debugger.paused', ({ params: { callFrames: [{ location, functionName }] } }) => {
      const isOwn = /\\/(dist|lib)\\//.test(urls.get(location.scriptId));
      stops.push(isOwn ? 'greenfiber' : functionName + ':' + String(location.lineNumber));
      session.post('Debugger.' + (way.shift() ?? 'resume'));
    });
    session.post('Debugger.enable');
    session.post('Debugger.setBlackboxPatterns', { patterns: ${skipped} });
    async function follow(steps, body) {
      way = steps;
      await body();
      return stops.splice(0);
    }
    const over = (count) => Array(count).fill('stepOver');
    const yields = () => {
      const fiber = new Fiber(function inFiber() {
        debugger;
        Fiber.yield();
        return 1;
      });
      fiber.resume();
      fiber.resume();
    };
    const waits = () => spawn(function inTask() {
      debugger;
      wait(new Promise((resolve) => setTimeout(resolve, 2)));
      sleep(1);
      return 1;
    });
    (async () => {
      const seen = [
        await follow(over(2), yields),
        await follow(over(3), waits),
        // V8 puts a step into a switch back with a thread, and walks its stack before it is there.
        engine === 'direct' ? await follow(['stepOver', 'stepInto'], yields) : [],
      ];
      session.disconnect();
      console.log(JSON.stringify(seen));
    })();`;

test('a step over a yield, a wait or a sleep ends at the next line', async (t) => {
  const { code, stdout } = await runChild(steps('[]'));
  t.is(code, 0);
  const seen = JSON.parse(stdout) as string[][];
  const functions = seen.map((stops) => stops.map((stop) => stop.split(':')[0]));
  t.deepEqual(functions.slice(0, 2), [Array(3).fill('inFiber'), Array(4).fill('inTask')]);
  for (const stops of seen.slice(0, 2)) {
    const lines = stops.map((stop) => Number(stop.split(':')[1]));
    t.deepEqual(
      lines,
      lines.map((_, i) => lines[0]! + i),
    );
  }
  if (engine === 'direct') t.is(seen[2]![2], 'greenfiber');
});

test('a debugger that skips the package does not step into it', async (t) => {
  const { code, stdout } = await runChild(steps(`['/dist/', '/lib/', '^node:']`));
  t.is(code, 0);
  const seen = JSON.parse(stdout) as string[][];
  t.false(seen.flat().includes('greenfiber'));
  if (engine === 'direct') t.is(seen[2]!.length, 3);
});

test('breakpoints on exceptions see those that a fiber throws and those that leave it', async (t) => {
  const answer = await answerOf(t, ({ Fiber }) => {
    const { Session } = require('node:inspector') as typeof import('node:inspector');
    const session = new Session();
    session.connect();
    let pauses = 0;
    session.on('Debugger.paused', () => {
      pauses++;
      session.post('Debugger.resume');
    });
    session.post('Debugger.enable');
    session.post('Debugger.setPauseOnExceptions', { state: 'all' });
    const fiber = new Fiber(() => {
      Fiber.yield();
      throw new Error('leaves');
    });
    fiber.resume();
    let message = '';
    try {
      fiber.resume();
    } catch (error) {
      message = (error as Error).message;
    }
    session.post('Debugger.disable');
    session.disconnect();
    console.log(JSON.stringify([message, pauses > 0]));
  });
  t.deepEqual(answer, ['leaves', true]);
});

test('switching the debugger on deoptimises code that fibers are asleep in', (t) => {
  const hot = (n: number): number => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += Math.sqrt(i);
    return sum;
  };
  const body = (): number => {
    let sum = 0;
    for (let i = 0; i < 3000; i++) {
      sum += hot(10);
      if (i % 1000 === 0) Fiber.yield();
    }
    return Math.round(sum);
  };
  const fibers = Array.from({ length: 20 }, () => new Fiber(body));
  for (let turn = 0; turn < 3; turn++) for (const fiber of fibers) fiber.resume();
  const session = new Session();
  session.connect();
  session.post('Debugger.enable');
  const sums = fibers.map((fiber) => fiber.resume());
  session.post('Debugger.disable');
  session.disconnect();
  t.is(new Set(sums).size, 1);
  t.is(sums[0], Math.round(3000 * hot(10)));
});

test('fibers may sleep in listeners of the inspector, which V8 does not interrupt, and wake in any order', async (t) => {
  // What is freed is overwritten, so that whoever still reads it crashes.
  const exit = await runChild(
    ({ Fiber }) => {
      const inspector = require('node:inspector') as typeof import('node:inspector');
      const vm = require('node:vm') as typeof import('node:vm');
      const { performance } = require('node:perf_hooks') as typeof import('node:perf_hooks');
      const session = new inspector.Session();
      session.connect();
      session.post('Runtime.enable');
      session.on('Runtime.consoleAPICalled', () => {
        if (Fiber.current !== undefined) Fiber.yield();
      });
      for (let round = 0; round < 20; round++) {
        const fibers = Array.from(
          { length: 60 },
          (_, i) => new Fiber(() => inspector.console.log(i)),
        );
        for (const fiber of fibers) fiber.resume();
        for (let i = 0; fibers.length > 0; i++) {
          fibers.splice((i * 17) % fibers.length, 1)[0]!.resume();
          vm.runInThisContext(`${performance.now()}`); // interrupts are requested for what is compiled
        }
      }
      let stopped;
      try {
        vm.runInThisContext('for (;;);', { timeout: 20 });
      } catch (error) {
        stopped = (error as NodeJS.ErrnoException).code;
      }
      console.error(stopped);
      process.exit();
    },
    { env: { MALLOC_PERTURB_: '165' } },
  );
  t.is(exit.signal, null, exit.stderr);
  t.is(exit.stderr, 'ERR_SCRIPT_EXECUTION_TIMEOUT\n');
});
