// Fibers under V8 flags that collect, move and deoptimise as often as possible: for every flag and engine the
// stress fixture and the fuzz driver, each for some seconds.
//
//   npm run test:stress                            on the running Node, both engines, 10 s each
//   npm run test:stress -- --seconds=60 --flag=--no-opt --engine=direct
//
// Slow: for changes to src-native and for the nightly run. Build the addon first, or name one in
// GREENFIBER_BINDING.
import { parseArgs } from 'node:util';
import { inRoot } from './lib/paths.mjs';
import { capture } from './lib/run.mjs';
import { compileTests, engines } from './lib/suite.mjs';
import { table } from './lib/table.mjs';
import { print } from './lib/totals.mjs';

const major = Number(process.versions.node.split('.')[0]);

const everyFlag = [
  '--stress-compaction',
  '--stress-compaction-random',
  '--gc-interval=500',
  '--stress-scavenge=50',
  '--stress-incremental-marking',
  '--stress-flush-code',
  '--max-semi-space-size=1',
  '--deopt-every-n-times=10000',
  '--always-osr',
  '--always-sparkplug',
  '--no-opt',
  '--max-lazy',
  '--jitless',
  '--interpreted-frames-native-stack',
  // The young generation's other collector has changed its name.
  major < 22 ? '--minor-mc' : '--minor-ms',
  // With it older Nodes often never exit, with or without fibers: the main thread waits for V8's stress task, and
  // that one for a collection.
  ...(major < 24 ? [] : ['--stress-concurrent-allocation']),
  ...(major < 26 ? ['--always-turbofan'] : []),
  ...(major >= 22 ? ['--stress-maglev', '--stress-wasm-code-gc'] : []),
  ...(major >= 24 ? ['--stress-scavenger-conservative-object-pinning'] : []),
];

const { values } = parseArgs({
  options: {
    flag: { type: 'string', multiple: true, default: everyFlag },
    engine: { type: 'string', default: engines.join() },
    seconds: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(1 + Math.floor(Math.random() * 1e6)) },
    // For a build of the tests that lies elsewhere.
    tests: { type: 'string' },
  },
});
const { seconds, seed } = values;
const folder = values.tests ?? inRoot('dist-test');

// Each with V8 walking every stack, too, and what it visits compared with what the stack's shape says.
const compared = { GREENFIBER_VERIFY_SHAPES: '1' };
const programs = {
  interleave: [`${folder}/stress/interleave.cjs`, seconds, '50', seed],
  fuzz: [`${folder}/fuzz/driver.js`, seed, seconds],
  generations: [`${folder}/fuzz/generations.js`, seed, seconds],
};
const columns = [
  ...Object.keys(programs).map((program) => ({ title: program, program, engines, env: {} })),
  ...Object.keys(programs).map((program) => ({
    title: `${program}, shapes compared`,
    program,
    engines: ['direct'],
    env: compared,
  })),
];

async function passes(flag, engine, { title, program, env }) {
  const args = ['--expose-gc', '--no-warnings', flag, ...programs[program]];
  const { ok, output } = await capture(process.execPath, args, {
    env: { ...process.env, GREENFIBER_ENGINE: engine, GREENFIBER_VERIFY_GENERATIONS: '1', ...env },
    quiet: true,
    // Some flags make everything a hundred times slower.
    timeout: Number(seconds) * 1000 + 300_000,
    killSignal: 'SIGKILL',
  });
  console.log(`${ok ? 'passed' : 'FAILED'}: ${flag}, ${engine}, ${title}`);
  if (!ok) console.log(`node ${args.join(' ')}\n${output}`);
  return ok;
}

if (values.tests === undefined) compileTests();
console.log(`Node ${process.versions.node}, seed ${seed}, ${seconds} s each`);
const rows = [['flag', 'engine', ...columns.map(({ title }) => title)]];
const totals = { passed: 0, failed: 0 };
for (const flag of values.flag) {
  for (const engine of values.engine.split(',')) {
    const results = [];
    for (const column of columns) {
      if (!column.engines.includes(engine)) {
        results.push('');
        continue;
      }
      const ok = await passes(flag, engine, column);
      totals[ok ? 'passed' : 'failed']++;
      results.push(ok ? 'passed' : 'FAILED');
    }
    rows.push([flag, engine, ...results]);
  }
}

console.log(`\n${table(rows)}\n`);
print(totals);
process.exitCode = totals.failed ? 1 : 0;
