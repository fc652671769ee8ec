// Everything between a fresh clone and a working build: system tools, dependencies, the addon, the
// TypeScript. Each step runs only if its result is missing or older than its sources, so the second
// time costs nothing. Uses Node's builtins only: it runs before `npm ci`. `--without-addon`: another Node's is built elsewhere.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { isStale } from './lib/files.mjs';
import { nativeSources } from './lib/native.mjs';
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

// Another malloc, which servers like to preload (test/hazards/allocators.test.ts).
const allocators = {
  'libjemalloc.so.2': 'libjemalloc2',
  'libmimalloc.so.2': 'libmimalloc2.0',
  'libtcmalloc_minimal.so.4': 'libtcmalloc-minimal4',
};
if (process.env.CI && process.argv.includes('--linters')) Object.assign(needed, allocators);

const succeeds = (command) => spawnSync('sh', ['-c', command], { stdio: 'ignore' }).status === 0;

const isThere = (name) =>
  succeeds(name in allocators ? `/sbin/ldconfig -p | grep -q ${name}` : `command -v ${name}`);

function systemPackages() {
  const missing = Object.keys(needed).filter((name) => !isThere(name));
  if (missing.length === 0) return;
  const packages = missing.map((command) => needed[command]);
  if (process.getuid() !== 0 || !isThere('apt-get')) {
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
  if (sameNode && !isStale(stamp, [...nativeSources, 'package-lock.json'])) return;
  console.log('setup: building the addon');
  run(process.execPath, ['scripts/build_native.mjs']);
}

function typescript() {
  const sources = [
    'lib',
    'load/lib',
    'tsconfig.json',
    'tsconfig.build.json',
    'load/tsconfig.build.json',
  ];
  if (!isStale('load/dist/index.js', sources)) return;
  console.log('setup: compiling lib/ and load/lib/');
  run('npm', ['run', '--silent', 'build:ts']);
}

systemPackages();
dependencies();
if (!process.argv.includes('--without-addon')) native();
typescript();
