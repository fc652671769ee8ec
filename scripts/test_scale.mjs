// What test/scale asks of 20,000 fibers, asked of a million, or of as many as the first argument says. Needs 6 GB.
import { inRoot } from './lib/paths.mjs';
import { run } from './lib/run.mjs';
import { compileTests } from './lib/suite.mjs';

const [fibers = '1000000'] = process.argv.slice(2);

compileTests();
run(
  process.execPath,
  [inRoot('node_modules/ava/entrypoints/cli.mjs'), 'dist-test/scale/*.test.js', '--timeout=60m'],
  {
    env: { ...process.env, GREENFIBER_ENGINE: 'direct', GREENFIBER_SCALE: fibers },
  },
);
