// Packs the package with all its binaries and tests the tarball as a user gets it: test/package.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inRoot, tool } from './lib/paths.mjs';
import { makePrebuilds } from './lib/prebuilds.mjs';
import { capture, read } from './lib/run.mjs';
import { ofAva, print } from './lib/totals.mjs';

makePrebuilds();
const folder = mkdtempSync(path.join(os.tmpdir(), 'greenfiber-package-'));
const [{ filename }] = JSON.parse(
  read('npm', ['pack', '--json', '--pack-destination', folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  }),
);
const { ok, output } = await capture(
  tool('ava'),
  ['--no-color', '--config', inRoot('test/package/ava.config.mjs')],
  { env: { ...process.env, GREENFIBER_TARBALL: path.join(folder, filename) } },
);
rmSync(folder, { recursive: true });

const totals = ofAva(ok, output);
print(totals);
process.exitCode = totals.failed ? 1 : 0;
