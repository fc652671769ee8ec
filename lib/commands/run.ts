import { resolve } from 'node:path';

import { runMain } from '../run/index';

/** `greenfiber run app.js …`: as `node --require greenfiber/run app.js …`. */
export function run(): void {
  const main = process.argv[3];
  if (main === undefined || main.startsWith('-')) {
    process.stderr.write(
      'Usage: greenfiber run <file> [arguments]\n' +
        'With options for Node: node --require greenfiber/run [options] <file>\n',
    );
    process.exitCode = 2;
    return;
  }
  process.argv.splice(1, 3, resolve(main));
  // For processes that are forked of this one.
  process.execArgv.push(`--require=${require.resolve('../run/index')}`);
  runMain();
}
