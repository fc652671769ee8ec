import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';

import { bench, thisNode } from '../helpers/bench';

const ROOT = join(__dirname, '../..');

const names = readdirSync(join(ROOT, 'bench/js/programs')).sort();

// Every variant at its smallest size, in a process of its own; not timed.
for (const name of names) {
  test.serial(`${name} answers what it should`, async (t) => {
    const { loadProgram } = await bench('js/programs.mjs');
    const { programCells } = await bench('js/program-cells.mjs');
    const { interleave } = await bench('js/interleave.mjs');
    const options = { targets: [thisNode], peers: [], size: 'test', warmUp: 0, timeout: 60_000 };
    const cells = programCells(await loadProgram(name), options) as { run?: unknown }[];
    const present = cells.filter(({ run }) => run);
    const samples = await interleave(present, { repetitions: 1 });
    const results = Object.entries<{ failed?: string }>(samples.summaries());
    t.true(results.length >= present.length);
    for (const [label, { failed }] of results) t.is(failed, undefined, label);
  });
}

test.serial('every native program answers what it should', async (t) => {
  const { loadProgram } = await bench('js/programs.mjs');
  const build = join(ROOT, 'build/bench');
  execFileSync('make', ['-s', '-C', join(ROOT, 'bench/native'), 'programs', `BUILD=${build}`]);
  const names = ['suspend-resume', 'two-resumes', 'state', 'sieve', 'skynet-nested', 'c10m'];
  for (const name of [...names, 'create-finish']) {
    const { sizes, expected } = await loadProgram(name);
    const args = [name, String(sizes.test), '1'];
    const { result } = JSON.parse(
      execFileSync(join(build, 'programs'), args, { encoding: 'utf8' }),
    );
    t.deepEqual(result, expected(sizes.test), name);
  }
});
