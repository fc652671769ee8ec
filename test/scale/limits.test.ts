import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import test from 'ava';

import { runChild } from '../helpers/child';
import { many, soak } from '../helpers/scale';

const untilRefused = `
  const { Fiber, FiberError, stats } = require('greenfiber');
  const body = () => Fiber.yield();
  const fibers = [];
  let refused;
  while (refused === undefined && fibers.length < 200_000) {
    const fiber = new Fiber(body);
    try { fiber.resume(); fibers.push(fiber); } catch (error) { refused = error; }
  }
  if (!(refused instanceof FiberError) || refused.code !== 'ERR_FIBER_OUT_OF_MEMORY') throw refused ?? new Error('none');
  if (fibers.length < 1000) throw new Error('few: ' + fibers.length);
  // As many as end can begin, and everything that there is works.
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 500; i++) {
      fibers[i].resume();
      (fibers[i] = new Fiber(body)).resume();
    }
  }
  fibers.forEach((fiber, i) => { if (i % 2) fiber.return(); else fiber.resume(); });
  if (stats().alive !== 0) throw new Error('alive');
  console.log('survived');
`;

test.serial(
  'where address space is limited, a fiber too many is an error, and everything stays usable',
  async (t) => {
    const kilobytes = 8 * 2 ** 20;
    const { stdout } = await promisify(execFile)(
      '/bin/sh',
      ['-c', `ulimit -v ${String(kilobytes)} && exec "$0" -e "$1"`, process.execPath, untilRefused],
      { cwd: join(__dirname, '../..') },
    );
    t.is(stdout, 'survived\n');
  },
);

test.serial(
  'a fiber more than memory holds is an error, before the kernel ends the process',
  async (t) => {
    const exit = await runChild(
      `require('node:os').totalmem = () => 24 * 2 ** 20;
     process.constrainedMemory = () => 0;
     ${untilRefused}`,
      { timeout: 300_000 },
    );
    t.deepEqual(exit, { code: 0, signal: null, stdout: 'survived\n', stderr: '' });
  },
);

test.serial('more fibers live at once than the kernel allows mappings', async (t) => {
  const exit = await runChild(
    `
    const { Fiber, stats } = require('greenfiber');
    const { readFileSync } = require('node:fs');
    const fibers = Array.from({ length: 70_000 }, () => new Fiber(() => Fiber.yield()));
    fibers.forEach((fiber) => fiber.resume());
    const mappings = readFileSync('/proc/self/maps', 'utf8').split('\\n').length;
    if (mappings > 60_000) throw new Error('mappings: ' + mappings);
    const { guard, unguarded } = stats().stacks;
    if (guard === 'marker' && (mappings > 2000 || unguarded !== 0)) throw new Error('guards');
    fibers.forEach((fiber) => fiber.resume());
  `,
    { timeout: 300_000 },
  );
  t.deepEqual(exit, { code: 0, signal: null, stdout: '', stderr: '' });
});

test.serial('what a switch costs does not depend on how many fibers sleep', async (t) => {
  const exit = await runChild(
    `
    const { Fiber, stats } = require('greenfiber');
    const body = () => { for (;;) Fiber.yield(); };
    const pair = [new Fiber(body), new Fiber(body)];
    // Processor time of operations that never concern a sleeper; the least of several, so that a busy machine
    // and a garbage collection do not count.
    const cost = () => {
      let least = Infinity;
      for (let round = 0; round < 15; round++) {
        const before = process.cpuUsage();
        for (let i = 0; i < 2000; i++) {
          pair[i & 1].resume();
          new Fiber(() => 1).resume();
          stats();
          const ends = new Fiber(() => Fiber.yield());
          ends.resume();
          ends.return();
        }
        const { user, system } = process.cpuUsage(before);
        least = Math.min(least, user + system);
      }
      return least;
    };
    cost();
    const sleepers = [];
    const options = { stackSize: 128 * 1024 };
    let few;
    for (let count = 10; count <= ${many}; count *= 10) {
      while (sleepers.length < count) { const f = new Fiber(body, options); f.resume(); sleepers.push(f); }
      const now = cost();
      few ??= now;
      // A scan of all fibers would cost more by the factor that their number has grown.
      if (now > few * 20) throw new Error(few + ' us with 10 fibers, ' + now + ' us with ' + count);
    }
    if (sleepers.length * 10 <= ${many}) throw new Error('too few');
  `,
    { timeout: soak },
  );
  t.deepEqual(exit, { code: 0, signal: null, stdout: '', stderr: '' });
});
