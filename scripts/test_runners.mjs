// Runs test files that use greenfiber under other people's test runners, as programs do: test/runners. The runners come
// from npm, once, into the git-ignored folder .runners.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { installInto, placePackage, placeTests } from './lib/npm_folder.mjs';
import { inRoot } from './lib/paths.mjs';
import { capture } from './lib/run.mjs';
import { table } from './lib/table.mjs';
import { print } from './lib/totals.mjs';

const runners = ['jest@30', 'vitest@4', 'mocha@12', '@sinonjs/fake-timers@15'];
const longest = 180_000; // milliseconds; who takes longer hangs

const folder = inRoot('.runners');
const inFolder = (...parts) => path.join(folder, ...parts);

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

// Bodies that block, with the one option, or import, that makes them run in tasks: file, passed tests, arguments.
const inBlocking = ['globals.test.cjs', 'throws.test.cjs'];
const blocking = {
  'Jest, blocking': [inBlocking, 6, ['../node_modules/jest/bin/jest.js', '--runInBand']],
  'Vitest, blocking': [inBlocking, 5, ['../node_modules/vitest/vitest.mjs', 'run']],
  'Vitest, blocking, vmThreads': [
    inBlocking,
    5,
    ['../node_modules/vitest/vitest.mjs', 'run', '--pool', 'vmThreads'],
  ],
  'Mocha, blocking': [
    inBlocking,
    3,
    ['../node_modules/mocha/bin/mocha.js', '--config', 'mocharc.cjs'],
  ],
  'node --test, blocking': [['node.test.mjs', 'node-throws.test.mjs'], 5, ['--test']],
};

const suite = readdirSync(inRoot('test/runners/suite')).map((file) => `suite/${file}`);
const tests = suite.map((file) => readFileSync(inRoot('test/runners', file), 'utf8'));
const expected = tests.join('\n').match(/^test\(/gm).length;

const env = { ...process.env, NO_COLOR: '1', CI: 'true' };
const start = (args, cwd = folder) =>
  capture(process.execPath, args, { cwd, env, timeout: longest, quiet: true });

// Every runner ends with how many tests passed, each in its own words.
const passes = (count) => new RegExp(`\\b(${count} pass(ed|ing)\\b|pass ${count}\\b)`);

async function passesAll(args, files = suite, count = expected, cwd = folder) {
  const { ok, output } = await start([...args, ...files], cwd);
  return { output, ok: ok && passes(count).test(output) };
}

async function reportsFailure(args, file = 'failing.test.cjs', cwd = folder) {
  const { ok, output } = await start([...args, file], cwd);
  const names = output.includes('thrown in a task') && output.includes('thrower');
  return { output, ok: !ok && !output.includes('ended by') && names && passes(1).test(output) };
}

installInto(folder, runners);
placePackage(folder);
placeTests('runners', folder);
const totals = { passed: 0, failed: 0 };
const rows = [];
async function check(name, ...attempts) {
  const began = performance.now();
  const results = [];
  for (const attempt of attempts) results.push(await attempt());
  for (const { ok, output } of results) {
    totals[ok ? 'passed' : 'failed']++;
    if (!ok) console.log(`==== failed: ${name}\n${output}\n==== end of the report`);
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  rows.push([name, results.every(({ ok }) => ok) ? 'ok' : 'FAILED', `${seconds} s`]);
}
const only = process.argv[2] ?? ''; // those whose names contain it
const chosen = (all) => Object.entries(all).filter(([name]) => name.includes(only));
for (const [name, args] of chosen(configurations)) {
  await check(
    name,
    () => passesAll(args),
    () => reportsFailure(args),
  );
}
for (const [name, [[file, failing], count, args]] of chosen(blocking)) {
  const cwd = inFolder('blocking');
  await check(
    name,
    () => passesAll(args, [file], count, cwd),
    () => reportsFailure(args, failing, cwd),
  );
}
console.log(`Node ${process.versions.node}\n\n${table(rows)}\n`);
print(totals);
process.exitCode = totals.failed ? 1 : 0;
