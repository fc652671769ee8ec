// The ava suite on the running Node, whole under the direct engine, and what differs under the other one; or whole
// under the one in GREENFIBER_ENGINE. Arguments go to ava: npm run test:js -- --match='*yield*'
// `--with NAME` comes first: every test process begins with that file of test/preload, and what no asynchronous context
// makes a difference to is left out.
import { add, none, print, printFailures, reportOfAva } from './lib/totals.mjs';
import { compileTests, engines, runSuite, suiteOf } from './lib/suite.mjs';

const chosen = process.env.GREENFIBER_ENGINE ? [process.env.GREENFIBER_ENGINE] : engines;
const args = process.argv.slice(2);
const [, preload] = args[0] === '--with' ? args.splice(0, 2) : [];

compileTests();
let totals = none;
const failures = [];
for (const engine of chosen) {
  const title = `Suite on Node ${process.versions.node}, ${engine} engine${preload ? `, with ${preload}` : ''}`;
  console.log(`\n${title}`);
  const suite = engine === chosen[0] && !preload ? 'whole' : suiteOf(engine, preload);
  const result = await runSuite({ execPath: process.execPath, engine, suite, preload, args });
  totals = add(totals, result.totals);
  if (result.totals.failed) failures.push({ title, report: reportOfAva(result.output) });
}
printFailures(failures);
print(totals);
process.exitCode = totals.failed ? 1 : 0;
