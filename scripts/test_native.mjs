// The unit tests of the native layers that know nothing of V8, plain and under the sanitizers.
import { capture } from './lib/run.mjs';
import { add, none, ofOutput, print } from './lib/totals.mjs';

let totals = none;
for (const makefile of ['context.mk', 'stack.mk', 'offload.mk']) {
  const how = ['-C', 'test/native', '-f', makefile, '--no-print-directory', '--output-sync'];
  const { ok, output } = await capture('make', [...how, 'test', 'test-sanitize'], {
    env: { MAKEFLAGS: '-j2', ...process.env },
  });
  totals = add(totals, ofOutput(ok, output));
}
print(totals);
process.exitCode = totals.failed ? 1 : 0;
