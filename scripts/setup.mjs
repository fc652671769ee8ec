// Everything between a fresh clone and a working build: system tools, dependencies, the addon, the
// TypeScript. Each step runs only if its result is missing or older than its sources, so the second
// time costs nothing. Uses Node's builtins only: it runs before `npm ci`.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { isStale } from './lib/files.mjs';
import { inRoot } from './lib/paths.mjs';
import { fail, run } from './lib/run.mjs';

const needed = { 'g++': 'g++', make: 'make', python3: 'python3' };

// The C++ linter, the browser that looks at the page of greenfiber/inspect, and the load generator of the benchmarks come
// along in CI only, where their absence would be a hole in the checks.
if (process.env.CI && process.argv.includes('--linters')) {
  needed['clang-tidy'] = 'clang-tidy';
  needed.chromium = 'chromium';
  needed.wrk = 'wrk';
}

function onPath(command) {
  return spawnSync('sh', ['-c', `command -v ${command}`], { stdio: 'ignore' }).status === 0;
}

function systemPackages() {
  const missing = Object.keys(needed).filter((command) => !onPath(command));
  if (missing.length === 0) return;
  const packages = missing.map((command) => needed[command]);
  if (process.getuid() !== 0 || !onPath('apt-get')) {
    fail(
      `please install ${packages.join(', ')} (Debian: sudo apt-get install ${packages.join(' ')})`,
    );
  }
  console.log(`setup: installing ${packages.join(', ')}`);
  const quiet = { stdio: ['ignore', 'ignore', 'inherit'] };
  run('apt-get', ['update', '-q'], quiet);
  run('apt-get', ['install', '-q', '-y', '--no-install-recommends', ...packages], {
    ...quiet,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
}

function dependencies() {
  if (!isStale('node_modules/.package-lock.json', ['package-lock.json'])) return;
  console.log('setup: npm ci');
  run('npm', ['ci'], { stdio: ['ignore', 'ignore', 'inherit'] });
}

function native() {
  const stamp = 'build/node-version';
  const sameNode =
    existsSync(inRoot(stamp)) && readFileSync(inRoot(stamp), 'utf8') === process.versions.node;
  if (sameNode && !isStale(stamp, ['src-native', 'include', 'package-lock.json'])) return;
  console.log('setup: building the addon');
  run(process.execPath, ['scripts/build_native.mjs']);
}

function typescript() {
  if (!isStale('dist/index.js', ['lib', 'tsconfig.json', 'tsconfig.build.json'])) return;
  console.log('setup: compiling lib/');
  run('npm', ['run', '--silent', 'build:ts']);
}

systemPackages();
dependencies();
native();
typescript();
