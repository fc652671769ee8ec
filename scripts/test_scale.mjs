// What test/scale asks of 20,000 fibers, asked of a million, or of as many as the first argument says. Needs 6 GB.
import { compileTests, runSuite } from './lib/suite.mjs';
import { print } from './lib/totals.mjs';

const [fibers = '1000000'] = process.argv.slice(2);

compileTests();
process.env.GREENFIBER_SCALE = fibers;
const { totals } = await runSuite({
  execPath: process.execPath,
  engine: 'direct',
  suite: 'whole',
  args: ['dist-test/scale/*.test.js', '--timeout=60m'],
});
print(totals);
process.exitCode = totals.failed ? 1 : 0;
