import { join } from 'node:path';

import test from 'ava';

import { runChild } from '../helpers/child';

test('fibers in the middle of everything, resumed in random order between collections, stay apart', async (t) => {
  const seed = process.env['CI'] ? '1' : String(1 + Math.floor(Math.random() * 1e6));
  const program = join(__dirname, 'interleave.cjs');
  const { code, signal, stdout, stderr } = await runChild(program, { args: ['2', '100', seed] });
  t.log(stdout.trim());
  t.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' }, `seed ${seed}`);
});
