// Building the addon with node-gyp. The output is build/Release/greenfiber.node beside src-native.
import { cpSync, existsSync, readdirSync, rmSync } from 'node:fs';
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
// LDFLAGS besides those of binding.gyp.
export function buildNative(nodedir, sources = inRoot('src-native'), flags = {}) {
  run(tool('node-gyp'), ['configure', 'build', '--silent', '--directory', sources], {
    env: { ...gypEnvironment(nodedir), ...flags },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return path.resolve(sources, '..', 'build', 'Release', 'greenfiber.node');
}

// A copy of the sources with a build folder of its own, so that builds for several Node versions do
// not clobber each other. Times are kept: the next build compiles only what changed.
export function mirrorSources(folder) {
  const copy = path.join(folder, 'src-native');
  if (existsSync(copy)) {
    for (const name of readdirSync(copy)) {
      if (name !== 'build') rmSync(path.join(copy, name), { recursive: true });
    }
  }
  cpSync(inRoot('include'), path.join(folder, 'include'), {
    recursive: true,
    preserveTimestamps: true,
  });
  cpSync(inRoot('src-native'), copy, {
    recursive: true,
    preserveTimestamps: true,
    filter: (source) => path.relative(inRoot('src-native'), source).split(path.sep)[0] !== 'build',
  });
  return copy;
}
