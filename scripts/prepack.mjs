// Before npm makes a tarball: all binaries are there, and dist/ is made of what lib/ is now.
import { rmSync } from 'node:fs';
import { inRoot } from './lib/paths.mjs';
import { missingPrebuilds } from './lib/prebuilds.mjs';
import { fail, run } from './lib/run.mjs';

const missing = missingPrebuilds();
if (missing.length > 0) {
  fail(`no binary for Node ${missing.join(', ')} in prebuilds/: npm run prebuildify makes them`);
}
rmSync(inRoot('dist'), { recursive: true, force: true });
run('npm', ['run', '--silent', 'build:ts'], { stdio: ['ignore', 2, 2] });
