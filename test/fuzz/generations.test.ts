import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';
import { engine } from 'greenfiber';

import { runChild } from '../helpers/child';

const seconds = Number(process.env['GREENFIBER_FUZZ_SECONDS'] ?? 3);
const given = process.env['GREENFIBER_FUZZ_SEED'];
const DRIVER = join(__dirname, 'generations.js');

async function fuzz(t: ExecutionContext, seed: string, flags: string[]): Promise<string> {
  const { code, signal, stdout, stderr } = await runChild(DRIVER, {
    flags: ['--expose-gc', '--no-warnings', ...flags],
    args: [seed, String(seconds)],
    env: { GREENFIBER_VERIFY_GENERATIONS: '1' },
    timeout: seconds * 1000 + 90_000,
  });
  t.log(`seed ${seed}: ${stdout.trim()}`);
  t.deepEqual(
    { code, signal, stderr },
    { code: 0, signal: null, stderr: '' },
    `GREENFIBER_FUZZ_SEED=${seed}`,
  );
  return stdout;
}

const drawn = (): string =>
  given ?? (process.env['CI'] ? '1' : String(1 + Math.floor(Math.random() * 0xfffffffe)));

test('no scavenge leaves out a stack that refers to a young object', async (t) => {
  const said = await fuzz(t, drawn(), []);
  if (engine === 'direct') t.regex(said, /at most [1-9]\d* left out, on/);
});

test('nor does one in a nursery that is full all the time', async (t) => {
  await fuzz(t, drawn(), ['--max-semi-space-size=1', '--stress-scavenge=60']);
});
