import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import { runChild } from '../../helpers/child';

const DRIVER = join(__dirname, 'driver.js');
const SEEDS = 1500;
/** Where many processes share the machine, fewer programs are run. */
const SECONDS = 30;
/** Set it to replay a failure. */
const given = process.env['GREENFIBER_FUZZ_SEED'];

// In CI always the same ones: a red build is then the change's doing.
const drawn = process.env['CI'] ? 1 : 1 + Math.floor(Math.random() * 0x7ffffff);

/** The driver is killed when it does not end, and the last seed that it has told is the one that spins. */
async function compare(t: ExecutionContext, count: number, flags: string[]): Promise<void> {
  const first = Number(given ?? drawn);
  const { code, signal, stdout, stderr } = await runChild(DRIVER, {
    flags,
    args: [first, given === undefined ? count : 1, SECONDS].map(String),
    timeout: SECONDS * 1000 + 60_000,
  });
  const last = stdout.trim().split('\n').at(-1) ?? '';
  t.log(`from seed ${first}: ${last}`);
  t.deepEqual(
    { code, signal, stderr },
    { code: 0, signal: null, stderr: '' },
    last.replace('seed ', 'GREENFIBER_FUZZ_SEED='),
  );
}

test('random programs of resume, yield, throw, return and transfer do what the model says, and none spins', (t) =>
  compare(t, SEEDS, []));

test('so they do with domains, which run JavaScript around every switch', (t) =>
  compare(t, SEEDS / 5, ['--require=./test/preload/domain.cjs']));
