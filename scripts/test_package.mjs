// Packs the three packages, greenfiber with its binaries, and tests the tarballs as a user gets them: test/package. Those
// of other machines come along where GREENFIBER_ARCHITECTURES names them, as it does before a release.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inRoot, tool } from './lib/paths.mjs';
import { makePrebuilds } from './lib/prebuilds.mjs';
import { capture, read, run } from './lib/run.mjs';
import { ofAva, print, printFailures, reportOfAva } from './lib/totals.mjs';

process.env.GREENFIBER_ARCHITECTURES ??= process.arch;
makePrebuilds();
const folder = mkdtempSync(path.join(os.tmpdir(), 'greenfiber-package-'));
function pack(...what) {
  const [{ filename }] = JSON.parse(
    read('npm', ['pack', '--json', '--pack-destination', folder, ...what], {
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  );
  return path.join(folder, filename);
}
const { ok, output } = await capture(
  tool('ava'),
  ['--no-color', '--config', inRoot('test/package/ava.config.mjs')],
  {
    env: {
      ...process.env,
      GREENFIBER_TARBALL: pack(),
      GREENFIBER_LOAD_TARBALL: pack('--workspace', 'load'),
      GREENFIBER_ALIAS_TARBALL: pack('--workspace', 'alias'),
    },
  },
);
rmSync(folder, { recursive: true });
run('npm', ['run', '--silent', 'build:ts']); // with source maps again

const totals = ofAva(ok, output);
if (totals.failed) printFailures([{ title: 'package', report: reportOfAva(output) }]);
print(totals);
process.exitCode = totals.failed ? 1 : 0;
