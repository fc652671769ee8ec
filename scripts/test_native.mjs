// The unit tests of the native layers that know nothing of V8, plain and under the sanitizers.
import { capture } from './lib/run.mjs';
import { add, none, ofOutput, print, printFailures } from './lib/totals.mjs';

const ordinary = /^(ok|skip|make|g\+\+|clang\+\+) /;

let totals = none;
const failures = [];
for (const makefile of ['context.mk', 'stack.mk', 'offload.mk', 'memory_probe.mk']) {
  const how = ['-C', 'test/native', '-f', makefile, '--no-print-directory', '--output-sync'];
  const { ok, output } = await capture('make', [...how, 'test', 'test-sanitize'], {
    env: { MAKEFLAGS: '-j2', ...process.env },
  });
  const counted = ofOutput(ok, output);
  totals = add(totals, counted);
  if (counted.failed) {
    const report = output.split('\n').filter((line) => !ordinary.test(line));
    failures.push({ title: makefile, report: report.slice(-60).join('\n') });
  }
}
printFailures(failures);
print(totals);
process.exitCode = totals.failed ? 1 : 0;
