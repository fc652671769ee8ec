// The suite on every supported Node, with that Node's own binary and headers, under both engines: what one version of
// Node is enough for is left out, and under the locker engine also what no engine makes a difference to.
//
//   npm run test:matrix -- --node 22,24 --engine direct
//   npm run test:matrix -- --skip-running      leaves out the major version that runs this script
//   npm run test:matrix -- --with domain       begins every test process with that file of test/preload
//
// An addon of each version is built in .nodes/MAJOR. A suite's output is shown only if it failed.
import { parseArgs } from 'node:util';
import { buildNative, mirrorSources } from './lib/native.mjs';
import { majors, nodeOfMajor, runningNode } from './lib/node_versions.mjs';
import { compileTests, engines, runSuite, suiteOf } from './lib/suite.mjs';
import { table } from './lib/table.mjs';
import { add, none, print, printFailures, reportOfAva } from './lib/totals.mjs';

const { values } = parseArgs({
  options: {
    node: { type: 'string', default: majors.join() },
    engine: { type: 'string', default: engines.join() },
    'skip-running': { type: 'boolean', default: false },
    with: { type: 'string' },
  },
});
const running = values['skip-running'] ? runningNode().major : undefined;
const chosen = values.node
  .split(',')
  .map(Number)
  .filter((major) => major !== running);

const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

compileTests();
const rows = [['Node', 'engine', 'passed', 'failed', 'time']];
let totals = none;
const failures = [];
for (const major of chosen) {
  const node = nodeOfMajor(major);
  const start = performance.now();
  const binding = buildNative(node.nodedir, mirrorSources(node.folder));
  console.log(`Node ${node.version}: addon built in ${seconds(start)}`);
  for (const engine of values.engine.split(',')) {
    const begin = performance.now();
    const result = await runSuite({
      execPath: node.execPath,
      engine,
      suite: suiteOf(engine, values.with),
      binding,
      preload: values.with,
      quiet: true,
    });
    const { passed, failed } = result.totals;
    totals = add(totals, result.totals);
    rows.push([node.version, engine, String(passed), String(failed), seconds(begin)]);
    const title = `Node ${node.version}, ${engine}`;
    console.log(`${title}: ${passed} passed, ${failed} failed`);
    if (failed) {
      console.log(result.output);
      failures.push({ title, report: reportOfAva(result.output) });
    }
  }
}

printFailures(failures);
console.log(`\n${table(rows)}\n`);
print(totals);
process.exitCode = totals.failed ? 1 : 0;
