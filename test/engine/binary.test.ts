// Binaries that were built for something else.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import test from 'ava';

import { runChild } from '../helpers/child';

const binary =
  process.env['GREENFIBER_BINDING'] ?? join(__dirname, '../../build/Release/greenfiber.node');

/** Loads the binary with some of its bytes changed, and answers what is said about it. */
async function reasonFor(bytes: Buffer): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'greenfiber-binary-'));
  const file = join(folder, 'changed.node');
  writeFileSync(file, bytes);
  try {
    const { code, signal, stdout, stderr } = await runChild(
      `
      const { isSupported, engine, Fiber } = require('greenfiber');
      try { new Fiber(() => 1); } catch (error) {
        console.log([isSupported, engine, error.code, error.message].join(' '));
      }`,
      { env: { GREENFIBER_BINDING: file, GREENFIBER_ENGINE: '' } },
    );
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

test('a binary for another V8 is refused, with both versions', async (t) => {
  const { v8 } = process.versions;
  const version = /^\d+\.\d+\./.exec(v8)?.[0] ?? '';
  const other = `${'9'.repeat(version.length - 3)}.9.`;
  t.regex(
    await reasonFor(changed(version, other)),
    new RegExp(`^false none ERR_FIBER_UNSUPPORTED .*for V8 ${other}x, and this is V8 ${v8}`),
  );
});

test('a binary that needs a function which this Node lacks is refused when it is loaded', async (t) => {
  const symbol = '_ZN2v87Isolate21LowMemoryNotificationEv';
  t.regex(
    await reasonFor(changed(symbol, symbol.replace('Low', 'Lew'))),
    /^false none ERR_FIBER_UNSUPPORTED .*undefined symbol: _ZN2v87Isolate21LewMemory/,
  );
});
