// What is in the tarball, and what the tools that judge packages say of it.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import test from 'ava';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { builtMajors, majors, nodeOfMajor } from '../../scripts/lib/node_versions.mjs';
import { releases } from '../../scripts/lib/releases.mjs';
import { root, tool } from '../../scripts/lib/paths.mjs';
import { tarball } from './install.mjs';

const files = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' })
  .trim()
  .split('\n')
  .map((file) => file.replace(/^package\//, ''));

test('one binary for each supported ABI', (t) => {
  const expected = majors.map(
    (major) => `prebuilds/linux-x64/greenfiber.abi${nodeOfMajor(major).abi}.glibc.node`,
  );
  t.deepEqual(files.filter((file) => file.endsWith('.node')).sort(), expected.sort());
});

test('what messages call supported is what is built and tested', (t) => {
  const { SHIPPED_MAJORS, BUILT_MAJORS } = createRequire(import.meta.url)('../../dist/targets.js');
  t.deepEqual([SHIPPED_MAJORS, BUILT_MAJORS], [majors, builtMajors]);
  t.deepEqual(Object.keys(releases).map(Number), [...majors, ...builtMajors].sort());
});

test('no binding.gyp in the root, so that no package manager compiles at install time', (t) => {
  t.false(files.includes('binding.gyp'));
  t.true(files.includes('src-native/binding.gyp'));
});

test('no script runs at install time', (t) => {
  const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  for (const name of ['preinstall', 'install', 'postinstall', 'prepare']) t.false(name in scripts);
});

test('licence, readme and both module formats with their types', (t) => {
  const needed = ['LICENSE', 'README.md', 'CHANGELOG.md', 'package.json'];
  const modules = ['index.js', 'index.d.ts', 'index.mjs', 'index.d.mts'].map((f) => `dist/${f}`);
  for (const file of [...needed, ...modules]) t.true(files.includes(file), file);
});

test('what a library of external functions is built with, and the licence of what the addon is built with', (t) => {
  const folder = 'src-native/third_party/concurrentqueue';
  const needed = ['include/greenfiber.h', `${folder}/LICENSE`, `${folder}/concurrentqueue.h`];
  for (const file of needed) t.true(files.includes(file), file);
});

test('the page of greenfiber/inspect', (t) => {
  const page = [
    'index.html',
    'page.css',
    'page.mjs',
    'tasks.mjs',
    'graph.mjs',
    'charts.mjs',
    'dom.mjs',
  ];
  for (const file of page) t.true(files.includes(`lib/inspect/page/${file}`), file);
});

test('the page of load reports', (t) => {
  for (const file of ['page.css', 'page.js']) t.true(files.includes(`lib/load/page/${file}`), file);
});

test('no build output but the binaries, no tests, no settings of ours', (t) => {
  const strays = files.filter((file) => /^(test|scripts|build|\.)|src-native\/build/.test(file));
  t.deepEqual(strays, []);
});

test('no file names the folder it was built in', (t) => {
  const unpacked = execFileSync('tar', ['-xzOf', tarball], { maxBuffer: 256 << 20 });
  t.false(unpacked.includes(root));
});

test('publint has nothing to say', async (t) => {
  const { messages, pkg } = await publint({
    pack: { tarball: Uint8Array.from(readFileSync(tarball)).buffer },
    strict: true,
  });
  t.deepEqual(
    messages.map((message) => formatMessage(message, pkg)),
    [],
  );
});

test('the types resolve as the modules do (are the types wrong?)', (t) => {
  // Subpaths such as greenfiber/testing need the `exports` that resolution as of Node 10 does not know.
  const args = ['--no-emoji', '--profile', 'node16', tarball];
  t.notThrows(() => execFileSync(tool('attw'), args, { encoding: 'utf8' }));
});
