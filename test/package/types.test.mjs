// The declarations compile in a project that looks into all of them, with the oldest TypeScript that we promise and the newest.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'ava';
import { loadTarball, tarball } from './install.mjs';

const settings = {
  compilerOptions: {
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    module: 'node16',
    target: 'es2022',
    types: ['node'],
    noEmit: true,
  },
  files: ['imported.mts', 'required.cts'],
};

// Of a package, its entry points with types.
function entriesOf(app, name) {
  const file = path.join(app, 'node_modules', name, 'package.json');
  const { exports } = JSON.parse(readFileSync(file, 'utf8'));
  const typed = Object.keys(exports).filter((entry) => exports[entry].require?.types);
  return typed.map((entry) => path.posix.join(name, entry));
}

for (const version of ['5.9', '6']) {
  test.serial(`every entry point compiles with TypeScript ${version}`, (t) => {
    const app = mkdtempSync(path.join(os.tmpdir(), 'greenfiber-types-'));
    t.teardown(() => rmSync(app, { recursive: true }));
    const quietly = ['--no-audit', '--no-fund', '--ignore-scripts', '--silent'];
    const packages = [tarball, loadTarball, `typescript@${version}`, '@types/node@22'];
    execFileSync('npm', ['install', '--prefix', app, ...quietly, ...packages]);

    const entries = ['greenfiber', 'greenfiber-load'].flatMap((name) => entriesOf(app, name));
    t.true(entries.includes('greenfiber/http'), entries.join());
    const source = entries
      .map((entry, i) => `import * as entry${i} from '${entry}';\nvoid entry${i};\n`)
      .join('');
    for (const file of settings.files) writeFileSync(path.join(app, file), source);
    writeFileSync(path.join(app, 'tsconfig.json'), JSON.stringify(settings));
    const compiler = path.join(app, 'node_modules', 'typescript', 'bin', 'tsc');
    const { stdout, status } = spawnSync(process.execPath, [compiler, '-p', app], {
      encoding: 'utf8',
    });
    t.is(stdout, '');
    t.is(status, 0);
  });
}
