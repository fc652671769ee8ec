// Binaries that were built for something else.
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import test from 'ava';

import { runChild } from '../helpers/child';

const ROOT = join(__dirname, '../..');
const binary = process.env['GREENFIBER_BINDING'] ?? join(ROOT, 'build/Release/greenfiber.node');

/** Says what `greenfiber` is, and what is said to who wants a fiber. */
const report = (greenfiber: string): string => `
  const { isSupported, engine, Fiber } = require(${JSON.stringify(greenfiber)});
  let said = '';
  try { new Fiber(() => 1); } catch (error) { said = [error.code, error.message].join(' '); }
  console.log([isSupported, engine, said].join(' '));`;

/** Loads the binary with some of its bytes changed, and answers what is said about it. */
async function reasonFor(bytes: Buffer): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'greenfiber-binary-'));
  const file = join(folder, 'changed.node');
  writeFileSync(file, bytes);
  try {
    const { code, signal, stdout, stderr } = await runChild(report('greenfiber'), {
      env: { GREENFIBER_BINDING: file, GREENFIBER_ENGINE: '' },
    });
    if (code !== 0) throw new Error(`${String(code ?? signal)}: ${stderr}`);
    return stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function changed(from: string, to: string): Buffer {
  const bytes = readFileSync(binary);
  const at = bytes.indexOf(`${from}\0`);
  if (at < 0) throw new Error(`${from} is not in the binary`);
  bytes.write(to, at);
  return bytes;
}

const { v8, modules } = process.versions;
const version = /^\d+\.\d+\./.exec(v8)?.[0] ?? '';
const otherVersion = `${'9'.repeat(version.length - 3)}.9.`;
const ofAnotherNode = (): Buffer => changed(version, otherVersion);

test('a binary for another V8 is refused, with both versions', async (t) => {
  t.regex(
    await reasonFor(ofAnotherNode()),
    new RegExp(`^false none ERR_FIBER_UNSUPPORTED .*for V8 ${otherVersion}x, and this is V8 ${v8}`),
  );
});

/** A copy of the package that was built for another Node, and what it says of itself. */
async function withForeignBuild(isShipped: boolean): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'greenfiber-built-'));
  const [built, shipped] = [
    join(folder, 'build/Release'),
    join(folder, `prebuilds/linux-${process.arch}`),
  ];
  try {
    cpSync(join(ROOT, 'dist'), join(folder, 'dist'), { recursive: true });
    copyFileSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    for (const made of [built, shipped]) mkdirSync(made, { recursive: true });
    writeFileSync(join(built, 'greenfiber.node'), ofAnotherNode());
    if (isShipped) copyFileSync(binary, join(shipped, `greenfiber.abi${modules}.glibc.node`));
    const { code, signal, stdout, stderr } = await runChild(report(join(folder, 'dist')), {
      env: { GREENFIBER_BINDING: '', GREENFIBER_ENGINE: '' },
    });
    if (code !== 0) throw new Error(`${String(code ?? signal)}: ${stderr}`);
    return stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('a binary that was built for another Node does not hide the one that the package ships', async (t) => {
  t.is(await withForeignBuild(true), 'true direct \n');
});

test('where no binary fits, each that was tried is named, and how to build one', async (t) => {
  t.regex(
    await withForeignBuild(false),
    /^false none ERR_FIBER_UNSUPPORTED .*shipped: none.*npx node-gyp rebuild --directory [^ ]+`\. Tried build\/Release\/greenfiber\.node: it was built for V8 /,
  );
});

const switchedOff = {
  '--no-addons': /addons are turned off: start Node without --no-addons/,
  '--freeze-flags-after-init': /V8's flags are frozen: start Node without --freeze-flags/,
};

for (const [flag, message] of Object.entries(switchedOff)) {
  test(`under ${flag} it says that fibers need Node without it`, async (t) => {
    const { code, stdout } = await runChild(report('greenfiber'), {
      flags: [flag],
      env: { GREENFIBER_ENGINE: '' },
    });
    t.is(code, 0);
    t.regex(stdout, /^false none ERR_FIBER_UNSUPPORTED /);
    t.regex(stdout, message);
    t.notRegex(stdout, /node-gyp|report/);
  });
}

test('a binary that needs a function which this Node lacks is refused when it is loaded', async (t) => {
  const symbol = '_ZN2v87Isolate21LowMemoryNotificationEv';
  t.regex(
    await reasonFor(changed(symbol, symbol.replace('Low', 'Lew'))),
    /^false none ERR_FIBER_UNSUPPORTED .*undefined symbol: _ZN2v87Isolate21LewMemory/,
  );
});

for (const runtime of ['bun', 'deno', 'electron']) {
  test(`in ${runtime} it says that this is not Node, and names no command`, async (t) => {
    const { stdout } = await runChild(
      `Object.defineProperty(process, 'versions', { value: { ...process.versions, ${runtime}: '1.2.3' } });
       ${report(join(ROOT, 'dist'))}`,
    );
    t.regex(
      stdout,
      new RegExp(
        `^false none ERR_FIBER_UNSUPPORTED .*this is ${runtime} 1\\.2\\.3, and fibers`,
        'i',
      ),
    );
    t.notRegex(stdout, /npx/);
  });
}
