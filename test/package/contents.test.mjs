// What is in the tarball, and what the tools that judge packages say of it.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import test from 'ava';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import {
  architectures,
  builtMajors,
  majors,
  nodeOfMajor,
} from '../../scripts/lib/node_versions.mjs';
import { fileFor, packed } from '../../scripts/lib/prebuilds.mjs';
import { releases } from '../../scripts/lib/releases.mjs';
import { root, tool } from '../../scripts/lib/paths.mjs';
import { aliasTarball, loadTarball, tarball } from './install.mjs';

const filesIn = (archive) =>
  execFileSync('tar', ['-tzf', archive], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((file) => file.replace(/^package\//, ''));

const files = filesIn(tarball);
const loadFiles = filesIn(loadTarball);
const aliasFiles = filesIn(aliasTarball);

test('one binary for each supported ABI and processor', (t) => {
  const expected = majors
    .map((major) => nodeOfMajor(major))
    .flatMap((node) => packed.map((arch) => fileFor(node, arch)));
  t.deepEqual(files.filter((file) => file.endsWith('.node')).sort(), expected.sort());
});

test('what messages call supported is what is built and tested', (t) => {
  const { SHIPPED_MAJORS, BUILT_MAJORS, SHIPPED_ARCHITECTURES } = createRequire(import.meta.url)(
    '../../dist/native/targets.js',
  );
  t.deepEqual([SHIPPED_MAJORS, BUILT_MAJORS], [majors, builtMajors]);
  t.deepEqual(Object.keys(SHIPPED_ARCHITECTURES), architectures);
  t.deepEqual(Object.keys(releases).map(Number), [...majors, ...builtMajors].sort());
});

test('a build for whoever wants one, of which npm is told that it is none of its business', (t) => {
  t.true(files.includes('binding.gyp'));
  t.is(JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')).gypfile, false);
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
    'figures.css',
    'page.mjs',
    'tasks.mjs',
    'graph.mjs',
    'charts.mjs',
    'dom.mjs',
    'groups.mjs',
    'table.mjs',
  ];
  for (const file of page) t.true(files.includes(`lib/inspect/page/${file}`), file);
});

test('the load tester is no part of it, and has its page, licence and readme in a package of its own', (t) => {
  t.deepEqual(
    files.filter((file) => /^(dist|lib)\/load\//.test(file)),
    [],
  );
  const needed = [
    ...['LICENSE', 'README.md', 'dist/cli.js', 'lib/page/page.css', 'lib/page/page.js'],
    'results.schema.json',
  ];
  for (const file of needed) t.true(loadFiles.includes(file), file);
});

test('the package that stands for fibers passes on both of its modules, with their types', (t) => {
  const modules = ['fibers.js', 'fibers.d.ts', 'future.js', 'future.d.ts'];
  t.deepEqual(aliasFiles.sort(), ['LICENSE', 'README.md', 'package.json', ...modules].sort());
});

test('of declarations those that a project can see, and no docstring twice', (t) => {
  const modules = files.filter((file) => /^dist\/.*\.js$/.test(file));
  const source = execFileSync(
    'tar',
    ['-xzOf', tarball, ...modules.map((file) => `package/${file}`)],
    { encoding: 'utf8', maxBuffer: 16 << 20 },
  );
  t.false(source.includes('\n/**\n'));
  t.true(files.includes('dist/scheduler/scheduler.d.ts'));
  t.false(files.includes('dist/commands/run.d.ts'));
});

test('no build output but the binaries, no tests, no settings of ours', (t) => {
  const strays = [...files, ...loadFiles].filter((file) => /^(test|scripts|build|\.)/.test(file));
  t.deepEqual(strays, []);
});

test('no file names the folder it was built in', (t) => {
  const unpacked = execFileSync('tar', ['-xzOf', tarball], { maxBuffer: 256 << 20 });
  t.false(unpacked.includes(root));
});

for (const [name, archive] of Object.entries({ greenfiber: tarball, fibers: aliasTarball })) {
  test(`publint has nothing to say of ${name}`, async (t) => {
    const { messages, pkg } = await publint({
      pack: { tarball: Uint8Array.from(readFileSync(archive)).buffer },
      strict: true,
    });
    t.deepEqual(
      messages.map((message) => formatMessage(message, pkg)),
      [],
    );
  });

  test(`the types of ${name} resolve as the modules do (are the types wrong?)`, (t) => {
    // Subpaths such as greenfiber/testing need the `exports` that resolution as of Node 10 does not know.
    const args = ['--no-emoji', '--profile', 'node16', archive];
    t.notThrows(() => execFileSync(tool('attw'), args, { encoding: 'utf8' }));
  });
}
