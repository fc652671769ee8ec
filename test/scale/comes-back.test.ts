import test from 'ava';
import { engine } from 'greenfiber';

import { runChild } from '../helpers/child';
import { many, soak } from '../helpers/scale';

/** How the fibers of a burst end. */
const ends: Record<string, string> = {
  'run to the end': 'fiber.resume()',
  'are returned': 'fiber.return()',
  'are thrown out of':
    'try { fiber.throw(thrown) } catch (error) { if (error !== thrown) throw error }',
};

for (const [how, end] of Object.entries(ends)) {
  test.serial(`when ${many} fibers ${how}, the process returns to the memory it had`, async (t) => {
    const program = `
      const { Fiber, stats } = require('greenfiber');
      const { eventually, memory, settle } = require('./test/scale/memory.cjs');
      const thrown = { not: 'an error, which would be given a stack trace' };
      const body = () => Fiber.yield();
      function burst(count) {
        const fibers = Array.from({ length: count }, () => new Fiber(body));
        for (const fiber of fibers) fiber.resume();
        const most = memory();
        for (const fiber of fibers) { ${end} }
        return most;
      }
      (async () => {
        burst(1000);
        await settle();
        const before = memory();
        const most = burst(${many});
        if (most.resident < before.resident + ${many} * 4096) throw new Error('no burst');
        let after;
        const back = await eventually(() => {
          gc();
          after = memory();
          // The start counts for more than the burst only at full scale: bench/js/programs/million.mjs.
          const bound = before.resident * 1.1 + (most.resident - before.resident) * 0.05;
          return after.resident < bound && after.pageTables < most.pageTables / 2;
        }, 40 + ${many} / 5000);
        if (!back) throw new Error(JSON.stringify({ before, most, after, stats: stats() }));
        if (stats().stacks.pageTablesDropped === 0) throw new Error('page tables');
        // What was dropped can be used again.
        burst(5000);
        if (stats().alive !== 0) throw new Error('alive');
      })();
    `;
    const exit = await runChild(program, { timeout: soak });
    t.deepEqual(exit, { code: 0, signal: null, stdout: '', stderr: '' });
  });
}

test.serial(
  'pages that a deep recursion used go back while the fiber sleeps, and what it holds stays',
  async (t) => {
    const exit = await runChild(
      `
    const { Fiber, stats } = require('greenfiber');
    const { eventually, residentStacks } = require('./test/scale/memory.cjs');
    const COUNT = 100;
    const deep = (n) => (n === 0 ? 0 : deep(n - 1) + 1);
    const shallow = (i) => { const held = { i }; const got = Fiber.yield(); return [held.i, got]; };
    const body = (i) => { for (;;) { deep(4000); i = shallow(i)[1]; } };
    const nested = (n, i) => (n === 0 ? Fiber.yield(i) : nested(n - 1, i) + 1);
    (async () => {
      const options = { stackSize: 2 ** 20 };
      const fibers = Array.from({ length: COUNT }, () => new Fiber(body, options));
      // They sleep at the end of a recursion, and so keep all of it.
      const kept = Array.from({ length: COUNT }, () => new Fiber(() => { deep(6000); return nested(1000, 7); }, options));
      kept.forEach((fiber) => fiber.resume());
      if (!(await eventually(() => stats().stacks.trimmed >= COUNT))) throw new Error('not trimmed');
      const keptBytes = residentStacks();
      if (keptBytes < COUNT * 80_000) throw new Error('live frames given back');
      for (let round = 0; round < 3; round++) {
        const before = residentStacks();
        const { trimmed } = stats().stacks;
        fibers.forEach((fiber, i) => fiber.resume(i));
        if (residentStacks() < before + COUNT * 200_000) throw new Error('not deep');
        if (!(await eventually(() => residentStacks() < keptBytes + COUNT * 3 * 4096)))
          throw new Error('still there: ' + (residentStacks() - keptBytes) / COUNT);
        if (stats().stacks.trimmed < trimmed + COUNT) throw new Error('stats');
      }
      kept.forEach((fiber) => { if (fiber.resume(1) !== 1001) throw new Error('lost'); });
      fibers.forEach((fiber) => fiber.return());
      if (stats().alive !== 0) throw new Error('alive');
    })();
  `,
      { timeout: 300_000 },
    );
    t.deepEqual(exit, { code: 0, signal: null, stdout: '', stderr: '' });
  },
);

test.serial('a fiber that runs now and then keeps the pages that it needs each time', async (t) => {
  const exit = await runChild(
    `
    const { Fiber, stats } = require('greenfiber');
    const { residentStacks } = require('./test/scale/memory.cjs');
    const COUNT = 100;
    const deep = (n) => (n === 0 ? 0 : deep(n - 1) + 1);
    const body = () => { for (;;) { deep(4000); Fiber.yield(); } };
    const fibers = Array.from({ length: COUNT }, () => new Fiber(body, { stackSize: 2 ** 20 }));
    (async () => {
      for (let second = 0; second < 15; second++) {
        for (const fiber of fibers) fiber.resume();
        const used = residentStacks();
        await new Promise((resolve) => setTimeout(resolve, 1000));
        if (residentStacks() < used * 0.95) throw new Error('pages went after ' + second + ' s');
      }
      // Parked stacks may lose theirs.
      if (stats().stacks.trimmed >= COUNT) throw new Error('trimmed ' + stats().stacks.trimmed);
    })();
  `,
    { timeout: 300_000 },
  );
  t.deepEqual(exit, { code: 0, signal: null, stdout: '', stderr: '' });
});

test.serial('the timer that gives memory back ends when there is none to give', async (t) => {
  const exit = await runChild(
    `
    const timers = require('node:timers');
    const { clearInterval } = timers;
    let cleared = false;
    timers.clearInterval = (timer) => { cleared = true; clearInterval(timer); };
    const { Fiber, stats } = require('greenfiber');
    const { eventually } = require('./test/scale/memory.cjs');
    const fibers = Array.from({ length: 300 }, () => new Fiber(() => Fiber.yield()));
    fibers.forEach((fiber) => fiber.resume());
    fibers.forEach((fiber) => fiber.resume());
    (async () => {
      if (!(await eventually(() => cleared))) throw new Error(JSON.stringify(stats()));
      const { parked, stacks } = stats();
      if (parked !== 0 || stacks.warm !== 0 || stacks.inUse !== 0) throw new Error('left');
      if (new Fiber((x) => x + 1).resume(1) !== 2) throw new Error('broken');
    })();
  `,
    { timeout: 300_000 },
  );
  t.deepEqual(exit, { code: 0, signal: null, stdout: '', stderr: '' });
});

test.serial('workers that end while fibers sleep leave no memory behind', async (t) => {
  // Under the locker engine V8 has the stacks in a list that nothing else can take them out of.
  const most = engine === 'direct' ? 150 : 12_000;
  const exit = await runChild(
    `
    const { Worker } = require('node:worker_threads');
    const { memory } = require('./test/scale/memory.cjs');
    const FIBERS = 3000;
    const source = \`
      const { Fiber } = require('greenfiber');
      const body = () => Fiber.yield();
      for (let i = 0; i < \${FIBERS}; i++) new Fiber(body).resume();
    \`;
    const run = () => new Promise((resolve) => new Worker(source, { eval: true }).on('exit', resolve));
    const after = async (workers) => {
      for (let i = 0; i < workers; i++) await run();
      return memory().resident;
    };
    (async () => {
      const before = await after(5);
      const each = ((await after(10)) - before) / 10 / FIBERS;
      if (each > ${most}) throw new Error(each + ' bytes for each fiber');
    })();
  `,
    { timeout: 300_000 },
  );
  t.deepEqual(exit, { code: 0, signal: null, stdout: '', stderr: '' });
});
