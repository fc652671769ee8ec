// @yao-pkg/pkg appends a program to a Node that its authors have patched and publish on GitHub. This stand-in is the Node
// that runs us, and what the patch does is done by test/bundlers/pkg-boot.cjs, so that pkg's own packing and its own
// run-time (a file system in the executable) are tried wherever npm can be reached. Not in it: bytecode without sources.
import { appendFileSync, chmodSync, copyFileSync, statSync } from 'node:fs';

const major = process.versions.node.split('.')[0];

// The lines that pkg 6.14 knows.
export const hasTarget = () => ['20', '22', '24'].includes(major);

export const target = () => `node${major}-linux-${process.arch}`;

// pkg writes numbers over these, wherever it finds them, padded with blanks.
const places = ['PAYLOAD_POSITION', 'PAYLOAD_SIZE', 'PRELUDE_POSITION', 'PRELUDE_SIZE'];
const flagsOfNode = `\0${'// BAKERY '.repeat(20)}`;

// Named by PKG_NODE_PATH.
export function makeBase(file) {
  copyFileSync(process.execPath, file);
  chmodSync(file, 0o755);
  appendFileSync(file, places.map((place) => `// ${place} //\n`).join('') + flagsOfNode);
}

// What an executable is started with, in which the patched Node begins with pkg's part by itself.
export const argumentsOf = (boot) => [
  '--no-warnings',
  '--expose-internals',
  '--require',
  boot,
  'PKG_DUMMY_ENTRYPOINT',
  String(statSync(process.execPath).size),
];
