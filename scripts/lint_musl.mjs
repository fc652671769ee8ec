// Compiles every source of the addon against musl's C library, without linking: a Node for musl that could run the
// result is not to be had from npm. Debian: musl-tools. The C++ library's headers are g++'s own. Of thread-locals it looks at
// the assembly: musl loads no library that wants to know their distance from the thread's pointer (src-native/initial_exec.h).
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { existsSync, readFileSync } from 'node:fs';
import { cppFiles } from './lib/cpp_sources.mjs';
import { runningNode } from './lib/node_versions.mjs';
import { inRoot } from './lib/paths.mjs';
import { capture, fail, read } from './lib/run.mjs';
import { print } from './lib/totals.mjs';

const machine = read('g++', ['-dumpmachine']).trim();
const musl = `/usr/include/${machine.replace(/-gnu$/, '-musl')}`;
if (!existsSync(musl)) fail(`there is no ${musl}: please install musl-tools`);

// Where g++ looks, but with musl in the place of glibc.
const output = read('sh', ['-c', 'g++ -xc++ -E -v /dev/null 2>&1 >/dev/null']);
const searched = output.slice(output.indexOf('#include <...>')).match(/^ \S+$/gm);
const ofCompiler = searched
  .map((folder) => path.resolve(folder.trim()))
  .filter((folder) => /\/c\+\+\/|\/gcc\//.test(folder));

const { nodedir } = runningNode();
const compilation = [
  '-nostdinc',
  ...[...ofCompiler, musl].flatMap((folder) => ['-isystem', folder]),
  ...['-include', inRoot('scripts', 'lib', 'glibc_names.h')],
  ...['-std=c++20', '-fno-exceptions', '-fno-rtti', '-fPIC', '-Wall', '-Wextra', '-Werror'],
  ...[inRoot('src-native'), inRoot('include')].map((folder) => `-I${folder}`),
  ...['-isystem', path.join(nodedir, 'include', 'node')],
  ...['-isystem', inRoot('node_modules', 'node-addon-api')],
  ...['-isystem', inRoot('src-native', 'third_party')],
  ...['-DNAPI_VERSION=9', '-DNAPI_DISABLE_CPP_EXCEPTIONS', '-DNODE_ADDON_API_DISABLE_DEPRECATED'],
];

const waiting = cppFiles().filter(
  (file) => file.endsWith('.cc') && file.startsWith(inRoot('src-native')),
);
const totals = { passed: 0, failed: 0 };

// How assembly says it, of either architecture.
const initialExec = /@gottpoff|@tpoff|:gottprel|:tprel/;

async function worker() {
  for (let file = waiting.shift(); file; file = waiting.shift()) {
    const looksAt = /\bthread_local\b/.test(readFileSync(file, 'utf8'));
    const what = looksAt ? ['-O1', '-S', '-o', '-'] : ['-fsyntax-only'];
    const { ok, output: said } = await capture('g++', [...compilation, ...what, file], {
      quiet: true,
    });
    const loads = !(looksAt && initialExec.test(said));
    totals[ok && loads ? 'passed' : 'failed']++;
    if (!ok) console.log(said);
    else if (!loads) console.log(`${file}: a thread-local that musl does not load late`);
  }
}

await Promise.all(Array.from({ length: availableParallelism() }, worker));
print(totals);
process.exitCode = totals.failed ? 1 : 0;
