import { join } from 'node:path';
import test from 'ava';

import { runChild } from '../../helpers/child';

const DRIVER = join(__dirname, 'driver.js');
const programs = process.env['GREENFIBER_FUZZ_PROGRAMS'] ?? '1500';
const given = process.env['GREENFIBER_FUZZ_SEED'];

for (const [what, seed] of [
  ['a fixed seed', '20'],
  // In CI always the same one: a red build is then the change's doing.
  ['another seed', process.env['CI'] ? '21' : String(1 + Math.floor(Math.random() * 0xfffffffe))],
] as const) {
  test(`random programs of ${what} do what an abstract machine without fibers does`, async (t) => {
    const { code, signal, stdout, stderr } = await runChild(DRIVER, {
      flags: ['--no-warnings'],
      args: [given ?? seed, programs],
      timeout: 170_000,
    });
    t.log(`seed ${given ?? seed}: ${stdout.trim()}`);
    t.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
  });
}
