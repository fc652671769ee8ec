// The ava suite on the running Node, whole under the direct engine, and what differs under the other one; or whole
// under the one in GREENFIBER_ENGINE. Arguments go to ava: npm run test:js -- --match='*yield*'
import { add, none, print, printFailures, reportOfAva } from './lib/totals.mjs';
import { compileTests, engines, runSuite, suiteOf } from './lib/suite.mjs';

const chosen = process.env.GREENFIBER_ENGINE ? [process.env.GREENFIBER_ENGINE] : engines;

compileTests();
let totals = none;
const failures = [];
for (const engine of chosen) {
  const title = `Suite on Node ${process.versions.node}, ${engine} engine`;
  console.log(`\n${title}`);
  const args = process.argv.slice(2);
  const suite = engine === chosen[0] ? 'whole' : suiteOf(engine);
  const result = await runSuite({ execPath: process.execPath, engine, suite, args });
  totals = add(totals, result.totals);
  if (result.totals.failed) failures.push({ title, report: reportOfAva(result.output) });
}
printFailures(failures);
print(totals);
process.exitCode = totals.failed ? 1 : 0;
