// The ava suite on the running Node under both engines, or the one in GREENFIBER_ENGINE; whole under the first of
// them. Arguments go to ava: npm run test:js -- --match='*yield*'
import { add, none, print, printFailures, reportOfAva } from './lib/totals.mjs';
import { compileTests, engines, runSuite } from './lib/suite.mjs';

const chosen = process.env.GREENFIBER_ENGINE ? [process.env.GREENFIBER_ENGINE] : engines;

compileTests();
let totals = none;
const failures = [];
for (const engine of chosen) {
  const title = `Suite on Node ${process.versions.node}, ${engine} engine`;
  console.log(`\n${title}`);
  const args = process.argv.slice(2);
  const whole = engine === chosen[0];
  const result = await runSuite({ execPath: process.execPath, engine, whole, args });
  totals = add(totals, result.totals);
  if (result.totals.failed) failures.push({ title, report: reportOfAva(result.output) });
}
printFailures(failures);
print(totals);
process.exitCode = totals.failed ? 1 : 0;
