// `npm test`: linters, formatters, native unit tests, the suite under both engines. Every step runs
// even if one before it failed; the table at the end tells which did.
import { table } from './lib/table.mjs';
import { capture } from './lib/run.mjs';
import { add, none, ofOutput, print, printFailures } from './lib/totals.mjs';

const checks = ['lint', 'format:check'];
const suites = ['test:native', 'test:js'];

async function npmRun(script) {
  console.log(`\n== ${script}`);
  const start = performance.now();
  const { ok, output } = await capture('npm', ['run', '--silent', script]);
  return { ok, output, seconds: (performance.now() - start) / 1000 };
}

const lastLines = (output) => output.trimEnd().split('\n').slice(-40).join('\n');

const rows = [];
const failures = [];
let totals = none;
for (const script of checks) {
  const { ok, output, seconds } = await npmRun(script);
  if (!ok) {
    totals = add(totals, { passed: 0, failed: 1 });
    failures.push({ title: script, report: lastLines(output) });
  }
  rows.push([script, ok ? 'ok' : 'FAILED', `${seconds.toFixed(1)} s`]);
}
for (const script of suites) {
  const { ok, output, seconds } = await npmRun(script);
  const closing = output.trimEnd().split('\n').at(-1);
  const counted = ofOutput(ok, closing);
  totals = add(totals, counted);
  const reported = /^==== failed: /m.test(output);
  if (counted.failed && !reported) failures.push({ title: script, report: lastLines(output) });
  rows.push([
    script,
    `${counted.passed} passed, ${counted.failed} failed`,
    `${seconds.toFixed(1)} s`,
  ]);
}

printFailures(failures);
console.log(`\n${table(rows)}\n`);
print(totals);
process.exitCode = totals.failed ? 1 : 0;
