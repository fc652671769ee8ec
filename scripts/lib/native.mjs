// Building the addon with node-gyp. The output is build/Release/greenfiber.node beside binding.gyp.
import { cpSync, rmSync } from 'node:fs';
import path from 'node:path';
import { inRoot, tool } from './paths.mjs';
import { run } from './run.mjs';

// node-gyp reads options from npm's environment before those of its command line, so a `nodedir` in
// somebody's npm configuration would win over ours. This name wins over both.
export function gypEnvironment(nodedir) {
  return {
    MAKEFLAGS: '-j2',
    ...process.env,
    npm_package_config_node_gyp_nodedir: nodedir,
  };
}

// Only what changed is compiled. Warnings and errors are shown, the compile commands are not. `flags`: CXXFLAGS and
// LDFLAGS besides those of binding.gyp. `arch`: as Node names it; of another machine by its cross compiler.
export function buildNative(nodedir, folder = inRoot(), flags = {}, arch = process.arch) {
  const how = ['--silent', '--arch', arch, '--directory', folder];
  run(tool('node-gyp'), ['configure', 'build', ...how], {
    env: { ...gypEnvironment(nodedir), ...crossCompiler(arch), ...flags },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return path.join(folder, 'build', 'Release', 'greenfiber.node');
}

// What the addon is built from.
export const nativeSources = ['binding.gyp', 'include', 'src-native'];

// A copy of the sources with a build folder beside it, so that builds for several Node versions do
// not clobber each other. Times are kept: the next build compiles only what changed.
export function mirrorSources(folder) {
  for (const part of nativeSources) {
    const copy = path.join(folder, part);
    rmSync(copy, { recursive: true, force: true });
    cpSync(inRoot(part), copy, { recursive: true, preserveTimestamps: true });
  }
  return folder;
}

// What a build for another machine is made with, as node-gyp's makefiles ask for it.
export function crossCompiler(arch) {
  if (arch === process.arch) return {};
  const prefix = { arm64: 'aarch64-linux-gnu', x64: 'x86-64-linux-gnu' }[arch];
  return {
    CC: `${prefix}-gcc`,
    CXX: `${prefix}-g++`,
    AR: `${prefix}-ar`,
    LINK: `${prefix}-g++`,
    CC_host: 'gcc',
    CXX_host: 'g++',
  };
}
