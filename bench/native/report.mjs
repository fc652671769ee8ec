// Runs the switch benchmark and prints a Markdown table, the ratios that matter, and whether each
// holds. Exit code 1 if one does not.   node bench/native/report.mjs [existing.json]
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

function runBenchmark() {
  execFileSync('make', ['-s', '-C', here, 'run'], { stdio: ['ignore', 'inherit', 'inherit'] });
  return join(here, '..', '..', 'build', 'bench', 'switch.json');
}

const { context, benchmarks } = JSON.parse(readFileSync(process.argv[2] ?? runBenchmark(), 'utf8'));

const samples = new Map();
for (const { run_type, run_name, cpu_time } of benchmarks) {
  if (run_type !== 'iteration') continue;
  if (!samples.has(run_name)) samples.set(run_name, []);
  samples.get(run_name).push(cpu_time);
}

function summary(times) {
  const sorted = [...times].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { min: sorted[0], median, max: sorted.at(-1) };
}

const results = new Map([...samples].map(([name, times]) => [name, summary(times)]));
const median = (name) => results.get(name).median;

console.log(`${context.num_cpus} CPUs at ${context.mhz_per_cpu} MHz, ${context.date}\n`);
console.log('| ns per pair of switches | min | median | max |');
console.log('|---|---|---|---|');
for (const [name, { min, median, max }] of results) {
  console.log(`| ${name} | ${[min, median, max].map((ns) => ns.toFixed(2)).join(' | ')} |`);
}

const ours = median('greenfiber_inline_pair');
const ratios = [
  [
    'two switches / (indirect call + ret)',
    ours / median('call_indirect'),
    (r) => r <= 1.3,
    'at most 1.3',
  ],
  ['Boost.Context / two switches', median('boost_pair') / ours, (r) => r >= 4, 'at least 4'],
  [
    'swapcontext / two switches',
    median('swapcontext_pair') / ours,
    (r) => r >= 100,
    'at least 100',
  ],
];

console.log('\n| ratio of medians | measured | wanted | |');
console.log('|---|---|---|---|');
for (const [what, ratio, holds, wanted] of ratios) {
  console.log(
    `| ${what} | ${ratio.toFixed(2)} | ${wanted} | ${holds(ratio) ? 'holds' : 'FAILS'} |`,
  );
}
process.exitCode = ratios.every(([, ratio, holds]) => holds(ratio)) ? 0 : 1;
