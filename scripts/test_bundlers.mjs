// Bundles a program that uses greenfiber with each bundler that docs/bundlers.md names, and runs the bundles where nothing
// of node_modules is left: test/bundlers. The bundlers come from npm, once, into the git-ignored folder .bundlers.
import assert from 'node:assert/strict';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { installInto, placePackage, placeTests } from './lib/npm_folder.mjs';
import { inRoot } from './lib/paths.mjs';
import { argumentsOf, hasTarget, makeBase, target } from './lib/pkg_stand_in.mjs';
import { capture } from './lib/run.mjs';
import { table } from './lib/table.mjs';
import { print } from './lib/totals.mjs';

const bundlers = [
  'esbuild@0.28',
  'webpack@5',
  'rollup@4',
  '@rollup/plugin-commonjs@29',
  '@rollup/plugin-json@6',
  '@rollup/plugin-node-resolve@16',
  '@vercel/ncc@0.45',
  'postject@1.0.0-alpha.6',
  '@yao-pkg/pkg@6.14',
];
const longest = 120_000; // milliseconds; who takes longer hangs

const folder = inRoot('.bundlers');
const inFolder = (...parts) => path.join(folder, ...parts);
const command = (name, file) => `node_modules/${name}/${file}`;

const node = (...args) =>
  capture(process.execPath, args, { cwd: folder, env, timeout: longest, quiet: true });
const env = { ...process.env, PKG_NODE_PATH: inFolder('pkg-base') };

// What a line of the documentation does; it ends the attempt when it fails.
async function must(...args) {
  const { ok, output } = await node(...args);
  if (!ok) throw new Error(output);
  return output;
}

const banner =
  'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';
const esbuild = (out, ...options) =>
  must(
    command('esbuild', 'bin/esbuild'),
    'app.mjs',
    '--bundle',
    '--platform=node',
    `--outfile=out/${out}`,
    '--log-level=warning',
    ...options,
  );
const rollup = () => must(command('rollup', 'dist/bin/rollup'), '-c', 'rollup.config.mjs');
let packed; // both kinds of output are made at once
const webpack = () => (packed ??= must('webpack.cjs'));
const ncc = (from) => must(command('@vercel/ncc', 'dist/ncc/cli.js'), 'build', from, '-o', 'out');

// A copy of the Node that runs us, with the program in it.
async function singleExecutable(name, settings) {
  await esbuild('sea.cjs');
  const blob = `out/${name}.blob`;
  const text = JSON.stringify({ main: 'out/sea.cjs', output: blob, ...settings });
  writeFileSync(inFolder('sea.json'), text);
  await must('--experimental-sea-config', 'sea.json');
  copyFileSync(process.execPath, inFolder('out', name));
  chmodSync(inFolder('out', name), 0o755);
  const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
  const postject = command('postject', 'dist/cli.js');
  await must(postject, `out/${name}`, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', fuse);
}

// In a folder of its own: with pkg's settings, and what they name.
async function pkg(assets) {
  await esbuild('pkg/app.cjs');
  cpSync(inFolder('out', FILES), inFolder('out/pkg', FILES), { recursive: true });
  const text = JSON.stringify({ name: 'app', bin: 'app.cjs', pkg: { assets } });
  writeFileSync(inFolder('out/pkg/package.json'), text);
  // Bytecode is what only pkg's own Node can read without the source.
  const plain = ['--no-bytecode', '--public', '--public-packages', '*'];
  const output = ['--targets', target(), '--output', 'out/pkg/app'];
  await must(command('@yao-pkg/pkg', 'lib-es5/bin.js'), 'out/pkg', ...output, ...plain);
  copyFileSync(inFolder('out/pkg/app'), inFolder('out/packed'));
}

const FILES = 'greenfiber'; // what `greenfiber bundle` makes
const binary = `${FILES}/prebuilds/linux-x64/greenfiber.abi${process.versions.modules}.glibc.node`;
const settings = { disableExperimentalSEAWarning: true };
const assets = { 'greenfiber.node': `out/${binary}` };

// What needs other files than the binary, where they are not.
const withoutFiles = { page: 'ERR_FIBER_UNSUPPORTED', added: 'ERR_OFFLOAD_WORKER' };

// Name: how it is made; what comes of it in out/; what lies beside it there; what of it differs from the program.
const ways = {
  'esbuild, CommonJS': [() => esbuild('esbuild.cjs'), 'esbuild.cjs'],
  'esbuild, minified': [() => esbuild('minified.cjs', '--minify'), 'minified.cjs'],
  'esbuild, ES module': [
    () => esbuild('esbuild.mjs', '--format=esm', `--banner:js=${banner}`),
    'esbuild.mjs',
  ],
  'esbuild, greenfiber left out': [
    () => esbuild('external.mjs', '--format=esm', '--external:greenfiber'),
    'external.mjs',
    'node_modules',
  ],
  'webpack, CommonJS': [webpack, 'webpack.cjs'],
  'webpack, ES module': [webpack, 'webpack.mjs'],
  'Rollup, CommonJS': [rollup, 'rollup.cjs'],
  'Rollup, ES module': [rollup, 'rollup.mjs'],
  'ncc, CommonJS': [() => ncc('app.cjs'), 'index.cjs'],
  'ncc, ES module': [() => ncc('app.mjs'), 'index.mjs'],
  'SEA, files beside it': [() => singleExecutable('beside', settings), 'beside'],
  'SEA, one file': [
    () => singleExecutable('alone', { ...settings, assets }),
    'alone',
    undefined,
    withoutFiles,
  ],
  // pkg's own Nodes come from elsewhere; a stand-in does what they do: lib/pkg_stand_in.mjs.
  ...(hasTarget() && {
    'pkg, files beside it': [() => pkg([]), 'packed'],
    'pkg, one file': [() => pkg([`${FILES}/**`]), 'packed', ''],
  }),
};

// In a folder of its own, from which no module of ours can be found.
async function runApart(file, beside = FILES, more = {}) {
  const apart = mkdtempSync(path.join(os.tmpdir(), 'greenfiber-bundle-'));
  try {
    const program = path.join(apart, file);
    cpSync(inFolder('out', file), program);
    if (beside === FILES)
      cpSync(inFolder('out', FILES), path.join(apart, FILES), { recursive: true });
    if (beside === 'node_modules') symlinkSync(inFolder(beside), path.join(apart, beside));
    const line =
      path.extname(file) === ''
        ? [program, file === 'packed' ? argumentsOf(inFolder('pkg-boot.cjs')) : []]
        : [process.execPath, [program]];
    const env = {
      ...process.env,
      GREENFIBER_BINDING: '',
      PKG_NATIVE_CACHE_PATH: apart, // where pkg puts binaries
      ...more,
    };
    return await capture(...line, { cwd: os.tmpdir(), env, timeout: longest, quiet: true });
  } finally {
    rmSync(apart, { recursive: true });
  }
}

const totals = { passed: 0, failed: 0 };
const rows = [];
async function check(name, attempt) {
  const began = performance.now();
  let failure;
  try {
    await attempt();
  } catch (error) {
    failure = error;
    console.log(`==== failed: ${name}\n${error.message}\n==== end of the report`);
  }
  totals[failure ? 'failed' : 'passed']++;
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  rows.push([name, failure ? 'FAILED' : 'ok', `${seconds} s`]);
}

installInto(folder, bundlers);
placePackage(folder);
placeTests('bundlers', folder);
// The same program for those who begin with `require`.
const asCommonJs = readFileSync(inFolder('app.mjs'), 'utf8').replace(
  /^import (.*) from ('[^']*');$/gm,
  'const $1 = require($2);',
);
writeFileSync(inFolder('app.cjs'), asCommonJs);
rmSync(inFolder('out'), { recursive: true, force: true });
await must('node_modules/greenfiber/dist/cli.js', 'bundle', 'out');
const expected = JSON.parse(await must('app.mjs'));
assert.equal(expected.isSupported, true);

makeBase(inFolder('pkg-base'));
const only = process.argv[2] ?? ''; // those whose names contain it
for (const [name, [make, file, beside, differs]] of Object.entries(ways)) {
  if (!name.includes(only)) continue;
  await check(name, async () => {
    await make();
    const { ok, output } = await runApart(file, beside ?? (differs ? '' : FILES));
    if (!ok) throw new Error(output);
    assert.deepEqual(JSON.parse(output), { ...expected, ...differs });
  });
}
await check('nothing beside it: it says what to do', async () => {
  await esbuild('esbuild.cjs');
  const { ok, output } = await runApart('esbuild.cjs', '');
  assert(
    !ok && /ERR_FIBER_UNSUPPORTED/.test(output) && /npx greenfiber bundle/.test(output),
    output,
  );
});
await check('the binary is named by GREENFIBER_BINDING', async () => {
  await esbuild('esbuild.cjs');
  const more = { GREENFIBER_BINDING: inFolder('out', binary) };
  const { ok, output } = await runApart('esbuild.cjs', '', more);
  if (!ok) throw new Error(output);
  assert.deepEqual(JSON.parse(output), { ...expected, ...withoutFiles });
});
console.log(`Node ${process.versions.node}\n\n${table(rows)}\n`);
print(totals);
process.exitCode = totals.failed ? 1 : 0;
