// Before npm makes a tarball: the binaries of every machine are there, and dist/ is made of what lib/ is now.
import { rmSync } from 'node:fs';
import { inRoot } from './lib/paths.mjs';
import { missingPrebuilds } from './lib/prebuilds.mjs';
import { fail, run } from './lib/run.mjs';

const missing = missingPrebuilds();
if (missing.length > 0) {
  fail(
    `there is no ${missing.join(', ')}: npm run prebuildify makes those of the machine it runs on; ` +
      'a package without the others is made with GREENFIBER_ARCHITECTURES=x64',
  );
}
for (const dist of ['dist', 'load/dist']) rmSync(inRoot(dist), { recursive: true, force: true });
run('npm', ['run', '--silent', 'build:ts', '--', '--to-publish'], { stdio: ['ignore', 2, 2] });
