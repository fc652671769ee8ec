// Profilers that sample while fibers switch.
import test from 'ava';

import { engine } from 'greenfiber';

import { answerOf } from '../helpers/answer';

test('the CPU profiler samples switching fibers and attributes their work under the direct engine', async (t) => {
  const answer = await answerOf(t, ({ Fiber }) => {
    const { Session } = require('node:inspector') as typeof import('node:inspector');
    const session = new Session();
    session.connect();
    session.post('Profiler.enable');
    session.post('Profiler.setSamplingInterval', { interval: 100 });
    const hotFunction = (n: number): number => {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += Math.sqrt(i);
      return sum;
    };
    session.post('Profiler.start', () => {
      const fibers = Array.from(
        { length: 100 },
        () =>
          new Fiber(() => {
            for (let i = 0; i < 40; i++) {
              hotFunction(3000);
              Fiber.yield();
            }
          }),
      );
      for (let turn = 0; turn < 41; turn++) for (const fiber of fibers) fiber.resume();
      session.post('Profiler.stop', (_, { profile }) => {
        const names = profile.nodes.map((node) => node.callFrame.functionName);
        console.log(
          JSON.stringify([(profile.samples ?? []).length > 20, names.includes('hotFunction')]),
        );
      });
    });
  });
  // To V8 a fiber of the locker engine is another thread, and mostly it samples the thread that began.
  if (engine === 'direct') t.deepEqual(answer, [true, true]);
  else t.is((answer as boolean[]).length, 2);
});

test('--cpu-prof and --prof run over switching fibers', async (t) => {
  const folder = (require('node:fs') as typeof import('node:fs')).mkdtempSync(
    '/tmp/greenfiber-prof-',
  );
  for (const flags of [
    ['--cpu-prof', '--cpu-prof-interval=50', `--cpu-prof-dir=${folder}`],
    ['--prof', '--prof-sampling-interval=100', `--logfile=${folder}/v8.log`],
  ]) {
    const answer = await answerOf(
      t,
      ({ Fiber }) => {
        const fibers = Array.from(
          { length: 50 },
          (_, n) =>
            new Fiber(() => {
              const deep = (level: number): void => {
                if (level > 0) deep(level - 1);
                else Fiber.yield();
              };
              for (;;) deep(n);
            }),
        );
        for (let turn = 0; turn < 2000; turn++) for (const fiber of fibers) fiber.resume();
        console.log('"done"');
      },
      { flags },
    );
    t.is(answer, 'done');
  }
  (require('node:fs') as typeof import('node:fs')).rmSync(folder, { recursive: true });
});

test('the sampling and the tracking heap profiler see allocations in fibers', async (t) => {
  const answer = await answerOf(t, ({ Fiber }) => {
    const { Session } = require('node:inspector') as typeof import('node:inspector');
    const session = new Session();
    session.connect();
    session.post('HeapProfiler.enable');
    session.post('HeapProfiler.startTrackingHeapObjects', { trackAllocations: true });
    session.post('HeapProfiler.startSampling', { samplingInterval: 512 });
    const kept: unknown[] = [];
    const allocates = (): void => {
      for (let i = 0; i < 200; i++) kept.push({ i, text: `text ${i}` });
    };
    const fibers = Array.from(
      { length: 20 },
      () =>
        new Fiber(() => {
          for (let i = 0; i < 10; i++) {
            allocates();
            Fiber.yield();
          }
        }),
    );
    for (let turn = 0; turn < 11; turn++) for (const fiber of fibers) fiber.resume();
    session.post('HeapProfiler.stopSampling', (_, { profile }) => {
      session.post('HeapProfiler.stopTrackingHeapObjects');
      console.log(JSON.stringify(JSON.stringify(profile).includes('allocates')));
    });
  });
  t.true(answer);
});
