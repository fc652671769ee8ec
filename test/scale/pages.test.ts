import test from 'ava';

import { runChild } from '../helpers/child';
import { nodeMajor } from '../helpers/node-major';

/** Fibers that sleep somewhere. */
const sleepers: Record<string, string> = {
  'in Fiber.yield': `
    const body = () => Fiber.yield();
    module.exports = () => new Fiber(body).resume();
  `,
  'below a few frames of JavaScript': `
    const nap = () => Fiber.yield();
    const third = (a) => nap() + a;
    const second = (a, b) => third(a + b) + 1;
    const first = (a, b, c) => second(a, b) + c;
    const body = () => first(1, 2, 3);
    module.exports = () => new Fiber(body).resume();
  `,
  'below a built-in': `
    const body = () => [1].map(() => Fiber.yield());
    module.exports = () => new Fiber(body).resume();
  `,
  'in a task': `
    const never = new Promise(() => undefined);
    const body = () => wait(never);
    module.exports = () => spawn(body);
  `,
};

for (const [where, source] of Object.entries(sleepers)) {
  // Older V8s need longer frames for the scheduler's part of a blocking call.
  const most = where === 'in a task' && nodeMajor < 26 ? 2.05 : 1.05;
  test.serial(
    `a fiber that sleeps ${where} keeps ${most < 2 ? 'one page' : 'two pages'} of its stack in memory`,
    async (t) => {
      const program = `
      const { Fiber, Scheduler, spawn, wait } = require('greenfiber');
      const { residentStacks } = require('./test/scale/memory.cjs');
      ${source}
      const make = module.exports;
      const later = async () => {
        do await new Promise((resolve) => setTimeout(resolve, 20));
        while (Scheduler.default.stats().ready > 0);
      };
      const COUNT = 10_000;
      (async () => {
        for (let i = 0; i < 2000; i++) make(); // whatever compiles has been compiled
        await later();
        const before = residentStacks();
        for (let i = 0; i < COUNT; i++) make();
        await later();
        console.log((residentStacks() - before) / 4096 / COUNT);
        process.exit();
      })();
    `;
      const { code, signal, stdout, stderr } = await runChild(program, { timeout: 300_000 });
      t.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
      const pages = Number(stdout);
      // A garbage collection on a fiber's stack may leave a few with a second page, for a moment.
      t.true(pages > 0.9 && pages < most, stdout);
    },
  );
}
