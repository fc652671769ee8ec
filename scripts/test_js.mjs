// The ava suite on the running Node under both engines, or the one in GREENFIBER_ENGINE; whole under the first of
// them. Arguments go to ava: npm run test:js -- --match='*yield*'
import { add, none, print } from './lib/totals.mjs';
import { compileTests, engines, runSuite } from './lib/suite.mjs';

const chosen = process.env.GREENFIBER_ENGINE ? [process.env.GREENFIBER_ENGINE] : engines;

compileTests();
let totals = none;
for (const engine of chosen) {
  console.log(`\nSuite on Node ${process.versions.node}, ${engine} engine`);
  const args = process.argv.slice(2);
  const whole = engine === chosen[0];
  const result = await runSuite({ execPath: process.execPath, engine, whole, args });
  totals = add(totals, result.totals);
}
print(totals);
process.exitCode = totals.failed ? 1 : 0;
