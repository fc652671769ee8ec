import test from 'ava';
import { engine } from 'greenfiber';

import { runChild } from '../helpers/child';
import { many, soak } from '../helpers/scale';

/** V8 allocates archive and handle block of a fiber itself where the locker engine lets it. */
const most = engine === 'direct' ? 4700 : 12_000;

const program = `
  const { configure, Fiber } = require('greenfiber');
  const { memory, settle } = require('./test/scale/memory.cjs');
  if (process.argv[1] !== '') configure({ stackSize: Number(process.argv[1]) });
  const COUNT = ${many};
  const body = () => Fiber.yield();
  (async () => {
    const warm = Array.from({ length: 2000 }, () => new Fiber(body));
    for (let i = 0; i < 2; i++) for (const fiber of warm) fiber.resume();
    const fibers = new Array(COUNT).fill(undefined);
    await settle();
    const before = memory();
    for (let i = 0; i < COUNT; i++) (fibers[i] = new Fiber(body)).resume();
    await settle();
    const after = memory();
    const each = (name) => (after[name] - before[name]) / COUNT;
    const heap = each('heap');
    console.log(JSON.stringify({ native: each('resident') - heap, heap, pageTables: each('pageTables') }));
    if (fibers.some((fiber) => fiber.state !== 'suspended')) throw new Error('state');
  })();
`;

/** Page tables follow the distance from slot to slot: 8 bytes for every 4 KiB, and a little for the levels above. */
for (const [stackSize, pageTables] of [
  ['131072', 300],
  ['', 560],
] as const) {
  const size = stackSize === '' ? 'default' : `${stackSize} bytes of`;
  test.serial(
    `a suspended fiber with ${size} stack costs a page, and little besides`,
    async (t) => {
      const { code, signal, stdout, stderr } = await runChild(program, {
        args: [stackSize],
        timeout: soak,
      });
      t.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
      const bytes = JSON.parse(stdout) as Record<'native' | 'heap' | 'pageTables', number>;
      t.true(bytes.native > 4000 && bytes.native < most, stdout);
      t.true(bytes.heap > 50 && bytes.heap < 250, stdout);
      t.true(bytes.pageTables < pageTables, stdout);
    },
  );
}
