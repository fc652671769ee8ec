// Servers like to preload another malloc: jemalloc beside image libraries, say. Its blocks have other sizes, and nothing of the
// C library's lies in front of them. Where one is not installed, or a sanitizer is preloaded, its test is skipped and says so.
import { execFileSync } from 'node:child_process';

import test from 'ava';

import { answerOf } from '../helpers/answer';

const ALLOCATORS = ['libjemalloc.so.2', 'libmimalloc.so.2', 'libtcmalloc_minimal.so.4'];

/** The libraries that the loader knows. */
function known(): string {
  try {
    return execFileSync('/sbin/ldconfig', ['-p'], { encoding: 'utf8' });
  } catch {
    return '';
  }
}

/** What a thread does, with fibers asleep in a built-in and collections; answers the engine and what the fibers ended with. */
const work = `async ({ engine, Fiber, spawn, sleep }) => {
  const fibers = Array.from({ length: 300 }, () =>
    new Fiber(() => [3, 1, 2].sort((a, b) => (Fiber.yield(), a - b)).join()));
  for (const fiber of fibers) fiber.resume();
  for (let round = 0; round < 3; round++) {
    gc({ type: 'minor' });
    gc();
    await Promise.all(Array.from({ length: 100 }, () => spawn(() => sleep(1))));
  }
  const ends = new Set();
  for (const fiber of fibers) {
    let end;
    while (!fiber.done) end = fiber.resume();
    ends.add(end);
  }
  return [engine, ...ends];
}`;

const program = `
  const { Worker } = require('node:worker_threads');
  const work = ${work};
  const inWorker = "(" + String(work) + ")(require('greenfiber')).then((ended) => require('node:worker_threads').parentPort.postMessage(ended))";
  work(require('greenfiber')).then((ended) => {
    new Worker(inWorker, { eval: true }).once('message', (there) => console.log(JSON.stringify([ended, there])));
  });
`;

const libraries = known();
for (const allocator of ALLOCATORS) {
  const path = new RegExp(`${allocator} .*x86-64.* => (\\S+)`).exec(libraries)?.[1];
  const missing =
    path === undefined
      ? `${allocator} is not installed`
      : process.env['LD_PRELOAD'] && 'something else is preloaded';
  const declare = missing ? test.skip : test;
  const why = missing ? ` (skipped: ${missing})` : '';
  declare(
    `fibers run with ${allocator} in the place of malloc, in workers, too${why}`,
    async (t) => {
      const ended = [process.env['GREENFIBER_ENGINE'] ?? 'direct', '1,2,3'];
      t.deepEqual(await answerOf(t, program, { env: { LD_PRELOAD: path } }), [ended, ended]);
    },
  );
}
