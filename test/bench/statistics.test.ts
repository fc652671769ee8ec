import test from 'ava';

import { bench } from '../helpers/bench';

test('samples become their minimum, median and the distance of the quartiles', async (t) => {
  const { summarize } = await bench('js/statistics.mjs');
  t.deepEqual(summarize([5, 1, 4, 2, 3]), { min: 1, median: 3, spread: 2 / 3, repetitions: 5 });
  t.deepEqual(summarize([4, 2]), { min: 2, median: 3, spread: 1 / 3, repetitions: 2 });
  t.deepEqual(summarize([7]), { min: 7, median: 7, spread: 0, repetitions: 1 });
});

test('one outlier moves neither the median nor the minimum', async (t) => {
  const { summarize } = await bench('js/statistics.mjs');
  const { min, median } = summarize([10, 11, 12, 13, 1e9]);
  t.deepEqual({ min, median }, { min: 10, median: 12 });
});

test('a sample that is not a number is refused', async (t) => {
  const { Samples } = await bench('js/samples.mjs');
  const samples = new Samples();
  t.throws(() => samples.add('cell', undefined), { message: /cell is not a number: undefined/ });
  t.throws(() => samples.add('cell', NaN), { message: /not a number/ });
});

test('results of Google Benchmark become nanoseconds for each thing that an iteration does', async (t) => {
  const { summarizeBenchmarks } = await bench('native/microbenchmarks.mjs');
  const run = { run_type: 'iteration', time_unit: 'us' };
  const cells = summarizeBenchmarks('stack', [
    { ...run, run_name: 'second', family_index: 1, cpu_time: 2 },
    { ...run, run_name: 'second', family_index: 1, cpu_time: 4 },
    { ...run, run_name: 'first', family_index: 0, cpu_time: 2, items_per_second: 1e6 },
    { ...run, run_name: 'first', family_index: 0, run_type: 'aggregate', cpu_time: 99 },
  ]);
  t.deepEqual(Object.keys(cells), ['stack: first', 'stack: second']);
  t.is(cells['stack: first'].median, 1000);
  t.is(cells['stack: first'].repetitions, 1);
  t.is(cells['stack: second'].median, 3000);
});
