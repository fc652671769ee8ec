import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import { runChild } from '../helpers/child';
import { nodeMajor } from '../helpers/node-major';

const seconds = Number(process.env['GREENFIBER_FUZZ_SECONDS'] ?? 3);
/** Set it to replay a failure. */
const given = process.env['GREENFIBER_FUZZ_SEED'];
const DRIVER = join(__dirname, 'driver.js');

async function fuzz(t: ExecutionContext, seed: string, flags: string[]): Promise<void> {
  const { code, signal, stdout, stderr } = await runChild(DRIVER, {
    flags: ['--no-warnings', ...flags],
    args: [seed, String(seconds)],
    timeout: seconds * 1000 + 50_000,
  });
  t.log(`seed ${seed}: ${stdout.trim()}`);
  t.deepEqual(
    { code, signal, stderr },
    { code: 0, signal: null, stderr: '' },
    `GREENFIBER_FUZZ_SEED=${seed}`,
  );
}

test('random legal and illegal calls neither crash nor leak nor surprise', async (t) => {
  // In CI always the same one: a red build is then the change's doing. The stress run draws new ones.
  const seed =
    given ?? (process.env['CI'] ? '1' : String(1 + Math.floor(Math.random() * 0xfffffffe)));
  await fuzz(t, seed, []);
});

test('nor do they without compilers and WebAssembly', async (t) => {
  // V8 12 and older complain when the second is left to follow from the first.
  await fuzz(
    t,
    given ?? '773939',
    nodeMajor < 24 ? ['--jitless', '--no-expose-wasm'] : ['--jitless'],
  );
});
