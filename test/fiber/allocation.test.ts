import test from 'ava';

import { runChild } from '../helpers/child';

// In a process of its own, so that nothing else allocates.
test('resume and yield allocate nothing', async (t) => {
  const exit = await runChild(({ Fiber }) => {
    const value = {};
    const fiber = new Fiber((first) => {
      for (let got = first; ;) got = Fiber.yield(got);
    });
    const trips = (count: number): void => {
      for (let i = 0; i < count; i++) fiber.resume(value);
    };
    trips(100_000);
    let least = Infinity;
    for (let attempt = 0; attempt < 5; attempt++) {
      gc!();
      const before = process.memoryUsage().heapUsed;
      trips(100_000);
      least = Math.min(least, process.memoryUsage().heapUsed - before);
    }
    // memoryUsage itself allocates a little; one word for each trip would be 800,000.
    console.log(least < 400_000 ? 'nothing' : `${least} bytes`);
  });
  t.deepEqual(exit, { code: 0, signal: null, stdout: 'nothing\n', stderr: '' });
});

test('ten million bytes of values cross without a copy and without growth', async (t) => {
  const exit = await runChild(({ Fiber }) => {
    const buffer = new ArrayBuffer(10_000_000);
    const fiber = new Fiber((first) => {
      for (let got = first; ;) got = Fiber.yield(got);
    });
    for (let i = 0; i < 10_000; i++) if (fiber.resume(buffer) !== buffer) throw new Error('copied');
    console.log(process.memoryUsage().arrayBuffers < 20_000_000);
  });
  t.deepEqual(exit, { code: 0, signal: null, stdout: 'true\n', stderr: '' });
});
