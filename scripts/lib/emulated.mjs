// Nodes of another machine under qemu-user: a program that stands for each, so that the tests start it like any other.
import { chmodSync, cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { buildNative, crossCompiler, gypEnvironment, mirrorSources } from './native.mjs';
import { foreignNode } from './node_versions.mjs';
import { inRoot, tool } from './paths.mjs';
import { run } from './run.mjs';

// What has to be installed (Debian), and how a program of arm64 is run then.
export const packages = ['g++', 'g++-aarch64-linux-gnu', 'make', 'musl-tools', 'qemu-user'];
export const emulator = ['qemu-aarch64', '-L', '/usr/aarch64-linux-gnu'];

// The Node, the addon for it and, if asked for, the addons of the suite's tests; `env` is what every process begins with.
export function prepare(major, { testAddons }) {
  const node = foreignNode(major, 'arm64');
  const execPath = standIn(node);
  const binding = buildNative(node.nodedir, mirrorSources(node.folder), {}, 'arm64');
  if (testAddons) buildTestAddons(node);
  return {
    ...node,
    execPath,
    env: {
      ...process.env,
      ...crossCompiler('arm64'), // for the libraries of external functions that tests build
      GREENFIBER_BINDING: binding,
      // It keeps a record of each page that is reserved.
      GREENFIBER_RESERVATION: String(8 * 2 ** 30),
      // Children are started by process.execPath, and the kernel cannot run what it names.
      NODE_OPTIONS: `--require=${inRoot('scripts', 'lib', 'emulated_exec_path.cjs')}`,
      GREENFIBER_EMULATED: execPath,
    },
  };
}

// Beside headers, like a real one.
function standIn({ folder, nodedir, execPath }) {
  const root = path.join(folder, 'emulated');
  const file = path.join(root, 'bin', 'node');
  rmSync(root, { recursive: true, force: true });
  mkdirSync(path.dirname(file), { recursive: true });
  symlinkSync(path.join(nodedir, 'include'), path.join(root, 'include'));
  const quoted = [...emulator, execPath].map((word) => `'${word}'`).join(' ');
  writeFileSync(file, `#!/bin/sh\nexec ${quoted} "$@"\n`);
  chmodSync(file, 0o755);
  return file;
}

// Where test/helpers/test-addon.ts looks before it builds them itself, which takes minutes in an emulator.
function buildTestAddons({ abi, nodedir }) {
  const folder = inRoot('build', 'test-addon', `arm64-${abi}`, 'addon');
  cpSync(inRoot('test', 'native', 'addon'), folder, { recursive: true, preserveTimestamps: true });
  const how = ['--silent', '--arch', 'arm64', '--directory', folder, '--nodedir', nodedir];
  run(tool('node-gyp'), ['configure', 'build', ...how], {
    env: { ...gypEnvironment(nodedir), ...crossCompiler('arm64') },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
