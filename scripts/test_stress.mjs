// The suite under V8 flags that collect, move and deoptimise as often as possible.
//
//   npm run test:stress                  on the running Node, both engines
//   npm run test:stress -- --flag=--no-opt --engine=direct
//
// Slow: for changes to src-native and for the nightly run.
import { parseArgs } from 'node:util';
import { compileTests, engines, runSuite } from './lib/suite.mjs';
import { table } from './lib/table.mjs';
import { add, none, print } from './lib/totals.mjs';

const everyFlag = [
  '--stress-compaction',
  '--gc-interval=500',
  '--stress-scavenge=50',
  '--stress-incremental-marking',
  '--always-turbofan',
  '--deopt-every-n-times=1000',
  '--no-opt',
  '--jitless',
];

const { values } = parseArgs({
  options: {
    flag: { type: 'string', multiple: true, default: everyFlag },
    engine: { type: 'string', default: engines.join() },
  },
});

compileTests();
const rows = [['flag', 'engine', 'passed', 'failed']];
let totals = none;
for (const flag of values.flag) {
  for (const engine of values.engine.split(',')) {
    const args = ['--timeout=10m', `--node-arguments=${flag}`];
    const result = await runSuite({ execPath: process.execPath, engine, quiet: true, args });
    const { passed, failed } = result.totals;
    totals = add(totals, result.totals);
    rows.push([flag, engine, String(passed), String(failed)]);
    console.log(`${flag}, ${engine}: ${passed} passed, ${failed} failed`);
    if (failed) console.log(result.output);
  }
}

console.log(`\n${table(rows)}\n`);
print(totals);
process.exitCode = totals.failed ? 1 : 0;
