// What garbage collection costs while `size` fibers sleep. The pauses of minor collections are those that V8 reports
// while garbage is made; a major collection is timed with the fibers suspended and once more with them finished.
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { Fiber } from 'greenfiber';

export const sizes = { test: 500, quick: 20_000, full: 1_000_000 };
export const expected = (size) => ({ finished: size });

const median = (list) => list.sort((a, b) => a - b)[list.length >> 1];

let sink;
function litter(megabytes) {
  for (let i = 0; i < megabytes * 16_384; i++) sink = { a: i, b: i, c: i, d: i, e: i };
  return sink;
}

// Milliseconds of a minor collection. What is alive is old by then.
async function minorPause() {
  const pauses = [];
  const observer = new PerformanceObserver((list) => {
    for (const { detail, duration } of list.getEntries()) {
      if (detail.kind === constants.NODE_PERFORMANCE_GC_MINOR) pauses.push(duration);
    }
  });
  for (let i = 0; i < 4; i++) litter(16);
  await turn();
  observer.observe({ entryTypes: ['gc'] });
  while (pauses.length < 15) {
    litter(16);
    await turn();
  }
  observer.disconnect();
  return median(pauses);
}

function majorPause() {
  const pauses = [1, 2, 3].map(() => {
    const start = performance.now();
    globalThis.gc();
    return performance.now() - start;
  });
  return Math.min(...pauses);
}

export const variants = {
  async fibers(size) {
    const none = await minorPause();
    const fibers = [];
    for (let i = 0; i < size; i++) {
      const fiber = new Fiber(() => {
        const held = { i };
        Fiber.yield();
        return held.i;
      });
      fiber.resume();
      fibers.push(fiber);
    }
    const all = await minorPause();
    const suspended = majorPause();
    for (const fiber of fibers) fiber.resume();
    const finished = majorPause();
    return {
      finished: fibers.filter(({ done }) => done).length,
      'minor ms': { none, all },
      'major ns each': ((suspended - finished) * 1e6) / size,
    };
  },
};
