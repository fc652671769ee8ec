// clang-tidy over the addon; .clang-tidy chooses the checks. Debian's clang-tidy 14 cannot read the
// headers of Node 24 and later, so it always sees those of the oldest Node we support.
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { cppFiles } from './lib/cpp_sources.mjs';
import { majors, nodeOfMajor, runningNode } from './lib/node_versions.mjs';
import { inRoot } from './lib/paths.mjs';
import { capture, fail } from './lib/run.mjs';

if (!(await capture('clang-tidy', ['--version'], { quiet: true })).ok) {
  if (process.env.CI) fail('clang-tidy is missing');
  console.log('clang-tidy is not installed: the C++ is linted in CI only');
  process.exit();
}

const oldest = majors[0];
const running = runningNode();
const { nodedir } = running.major === oldest ? running : nodeOfMajor(oldest);
const compilation = [
  '-std=c++20',
  '-fno-exceptions',
  '-fno-rtti',
  `-I${inRoot('src-native')}`,
  `-I${inRoot('include')}`,
  '-isystem',
  path.join(nodedir, 'include', 'node'),
  '-isystem',
  inRoot('node_modules', 'node-addon-api'),
  '-isystem',
  inRoot('src-native', 'third_party'),
  '-DNAPI_VERSION=9',
  '-DNAPI_DISABLE_CPP_EXCEPTIONS',
  '-DNODE_ADDON_API_DISABLE_DEPRECATED',
];

// How far the analyzer follows a function's paths: at its default, 225,000, it takes most of the time.
const effort = ['-Xclang', '-analyzer-config', '-Xclang', 'max-nodes=40000'];

const waiting = cppFiles().filter(
  (file) => file.endsWith('.cc') && file.startsWith(inRoot('src-native')),
);
let failed = 0;

async function worker() {
  for (let file = waiting.shift(); file; file = waiting.shift()) {
    const args = ['--quiet', '--warnings-as-errors=*', file, '--', ...compilation, ...effort];
    const { ok, output } = await capture('clang-tidy', args, { quiet: true });
    if (ok) continue;
    failed += 1;
    console.log(output);
  }
}

await Promise.all(Array.from({ length: availableParallelism() }, worker));
process.exitCode = failed ? 1 : 0;
