// Runs the benchmarks of the native layers (Google Benchmark, see Makefile) and answers their results as cells:
// nanoseconds per operation.
import { readFileSync } from 'node:fs';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { capture } from '../../scripts/lib/run.mjs';
import { Samples } from '../js/samples.mjs';

// The first part of a label, and what the Makefile calls it.
const suites = { switch: 'run', stack: 'run-stack' };
const units = { ns: 1, us: 1e3, ms: 1e6, s: 1e9 };

// { 'switch: greenfiber_inline_pair': summary, ... }; a suite that could not run is one cell of that name.
export async function measureNative({ repetitions, wanted = () => true, onProgress }) {
  const cells = {};
  for (const [suite, target] of Object.entries(suites).filter(([name]) => wanted(name))) {
    onProgress(`native, ${suite}`);
    const args = ['-s', '-C', inRoot('bench', 'native'), target, `REPETITIONS=${repetitions}`];
    const { ok, output } = await capture('make', args, { quiet: true });
    if (ok) Object.assign(cells, read(suite));
    else cells[suite] = problem(output);
  }
  return cells;
}

function read(suite) {
  const { benchmarks } = JSON.parse(
    readFileSync(inRoot('build', 'bench', `${suite}.json`), 'utf8'),
  );
  return summarizeBenchmarks(suite, benchmarks);
}

// An iteration that does several things says so with items_per_second.
export function summarizeBenchmarks(suite, benchmarks) {
  const samples = new Samples();
  const iterations = benchmarks.filter(({ run_type }) => run_type === 'iteration');
  iterations.sort((a, b) => a.family_index - b.family_index); // they ran in a random order
  for (const { run_name, cpu_time, time_unit, items_per_second } of iterations) {
    const each = items_per_second ? 1e9 / items_per_second : cpu_time * units[time_unit];
    samples.add(`${suite}: ${run_name}`, each);
  }
  return samples.summaries();
}

function problem(output) {
  const lines = output.trim().split('\n');
  const absent = lines.find((line) => /No such file or directory|cannot find -l/.test(line));
  return absent ? { missing: absent } : { failed: lines.at(-1) };
}
