// Runs test files that use greenfiber under other people's test runners, as programs do: test/runners. The runners come
// from npm, once, into the git-ignored folder .runners.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { inRoot } from './lib/paths.mjs';
import { capture, run } from './lib/run.mjs';
import { table } from './lib/table.mjs';
import { print } from './lib/totals.mjs';

const runners = ['jest@30', 'vitest@4', 'mocha@12', '@sinonjs/fake-timers@15'];
const longest = 180_000; // milliseconds; who takes longer hangs

const folder = inRoot('.runners');
const inFolder = (...parts) => path.join(folder, ...parts);

function install() {
  const list = `${runners.join('\n')}\n`;
  const stamp = inFolder('installed.txt');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === list) return;
  console.log(`installing ${runners.join(', ')}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(inFolder('package.json'), '{ "private": true }\n');
  run('npm', ['install', '--no-save', '--no-package-lock', '--ignore-scripts', ...runners], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  writeFileSync(stamp, list);
}

// Where a program has it, with the addon of this checkout; what it depends on is found in the checkout.
function placePackage() {
  const target = inFolder('node_modules', 'greenfiber');
  rmSync(target, { recursive: true, force: true });
  mkdirSync(path.join(target, 'build', 'Release'), { recursive: true });
  for (const part of ['dist', 'package.json', 'build/Release/greenfiber.node']) {
    cpSync(inRoot(part), path.join(target, part), { recursive: true });
  }
  symlinkSync(inRoot('node_modules'), path.join(target, 'node_modules'));
}

function placeTests() {
  for (const part of readdirSync(inRoot('test/runners'))) {
    rmSync(inFolder(part), { recursive: true, force: true });
    cpSync(inRoot('test/runners', part), inFolder(part), { recursive: true });
  }
}

const jest = ['node_modules/jest/bin/jest.js'];
const vitest = (pool, ...more) => [
  'node_modules/vitest/vitest.mjs',
  'run',
  '--pool',
  pool,
  ...more,
];
const mocha = ['node_modules/mocha/bin/mocha.js', '--config', 'setup/mocharc.cjs'];
const nodeTest = ['--require', './setup/node-test.cjs', '--test'];
const isolation = ['--test-isolation', '--experimental-test-isolation'].find((option) =>
  process.allowedNodeEnvironmentFlags.has(option),
);

const configurations = {
  'Jest, one process': [...jest, '--runInBand'],
  'Jest, processes': [...jest, '--maxWorkers=2'],
  'Jest, threads': [...jest, '--maxWorkers=2', '--workerThreads'],
  'Vitest, threads': vitest('threads'),
  'Vitest, forks': vitest('forks'),
  'Vitest, vmThreads': vitest('vmThreads'),
  'Vitest, vmForks': vitest('vmForks'),
  'Vitest, not isolated': vitest('threads', '--no-isolate'),
  Mocha: mocha,
  'Mocha, parallel': [...mocha, '--parallel', '--jobs=2'],
  'Mocha, again and again': ['setup/mocha-watch.cjs'],
  'node --test': nodeTest,
  ...(isolation && { 'node --test, one process': [...nodeTest, `${isolation}=none`] }),
};

const suite = readdirSync(inRoot('test/runners/suite')).map((file) => `suite/${file}`);
const tests = suite.map((file) => readFileSync(inRoot('test/runners', file), 'utf8'));
const expected = tests.join('\n').match(/^test\(/gm).length;

const env = { ...process.env, NO_COLOR: '1', CI: 'true' };
const start = (args) =>
  capture(process.execPath, args, { cwd: folder, env, timeout: longest, quiet: true });

// Every runner ends with how many tests passed, each in its own words.
const passes = (count) => new RegExp(`\\b(${count} pass(ed|ing)\\b|pass ${count}\\b)`);

async function passesAll(args) {
  const { ok, output } = await start([...args, ...suite]);
  return { output, ok: ok && passes(expected).test(output) };
}

async function reportsFailure(args) {
  const { ok, output } = await start([...args, 'failing.test.cjs']);
  const names = output.includes('thrown in a task') && output.includes('thrower');
  return { output, ok: !ok && !output.includes('ended by') && names && passes(1).test(output) };
}

install();
placePackage();
placeTests();
const totals = { passed: 0, failed: 0 };
const rows = [];
for (const [name, args] of Object.entries(configurations)) {
  const began = performance.now();
  const results = [await passesAll(args), await reportsFailure(args)];
  for (const { ok, output } of results) {
    totals[ok ? 'passed' : 'failed']++;
    if (!ok) console.log(`==== failed: ${name}\n${output}\n==== end of the report`);
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  rows.push([name, results.every(({ ok }) => ok) ? 'ok' : 'FAILED', `${seconds} s`]);
}
console.log(`Node ${process.versions.node}\n\n${table(rows)}\n`);
print(totals);
process.exitCode = totals.failed ? 1 : 0;
