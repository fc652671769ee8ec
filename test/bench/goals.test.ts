import test from 'ava';

import { bench } from '../helpers/bench';

const cells = {
  fast: { median: 10 },
  slow: { median: 25 },
  long: { median: 3e8 },
  broken: { failed: 'crashed with SIGSEGV' },
  absent: { missing: 'not installed' },
};

test('a goal is a ratio of medians, a median in its unit, or computed from several', async (t) => {
  const { evaluate } = await bench('js/goals.mjs');
  t.deepEqual(evaluate({ over: ['slow', 'fast'] }, cells, 'quick'), { value: 2.5 });
  t.deepEqual(evaluate({ of: 'long', scale: 1e6 }, cells, 'quick'), { value: 300 });
  t.deepEqual(evaluate({ of: 'fast' }, cells, 'quick'), { value: 10 });
  const value = (median: (label: string) => number) => median('slow') - 2 * median('fast');
  t.deepEqual(evaluate({ value }, cells, 'quick'), { value: 5 });
});

test('a goal without its cells is missing or failed, never reached', async (t) => {
  const { evaluate } = await bench('js/goals.mjs');
  t.deepEqual(evaluate({ over: ['nowhere', 'fast'] }, cells, 'full'), { problem: 'missing' });
  t.deepEqual(evaluate({ over: ['fast', 'absent'] }, cells, 'full'), { problem: 'missing' });
  t.deepEqual(evaluate({ over: ['broken', 'fast'] }, cells, 'full'), { problem: 'failed' });
  t.deepEqual(evaluate({ of: 'broken' }, cells, 'full'), { problem: 'failed' });
  t.deepEqual(evaluate({ of: 'broken, bytes' }, cells, 'full'), { problem: 'failed' });
  t.deepEqual(evaluate({ of: 'fast, bytes' }, cells, 'full'), { problem: 'missing' });
});

test('a goal for the full size is not judged at another', async (t) => {
  const { evaluate } = await bench('js/goals.mjs');
  const goal = { of: 'long', scale: 1e6, full: true };
  t.deepEqual(evaluate(goal, cells, 'quick'), { problem: 'full size only' });
  t.deepEqual(evaluate(goal, cells, 'full'), { value: 300 });
});

test('bounds belong to what they allow', async (t) => {
  const { isReached } = await bench('js/goals.mjs');
  t.true(isReached({ atMost: 8 }, 8));
  t.false(isReached({ atMost: 8 }, 8.01));
  t.true(isReached({ atLeast: 15 }, 15));
  t.false(isReached({ atLeast: 15 }, 14.99));
  t.false(isReached({ atMost: 8 }, NaN));
});

// The native layers, programs that come with what they measure, and what programs measure themselves.
const elsewhere = /^(switch|million|http): |^(minor-gc|dew): fibers, /;

test('every goal has one bound and names cells that are measured', async (t) => {
  const { goalGroups } = await bench('js/goals.mjs');
  const { ownScenarios, peerScenarios, labelOf } = await bench('js/plan.mjs');
  const { discoverPrograms } = await bench('js/programs.mjs');
  const { peerNames } = await bench('peers/peers.mjs');
  const labels = new Set([...ownScenarios, ...peerScenarios].map(labelOf));
  for (const { name, variants } of await discoverPrograms()) {
    for (const implementation of [...Object.keys(variants), ...peerNames]) {
      labels.add(`${name}: ${implementation}`).add(`${name}: ${implementation}, each`);
    }
  }
  for (const { goals } of goalGroups) {
    for (const { what, over, of, value, atMost, atLeast } of goals) {
      t.is([atMost, atLeast].filter((bound) => bound !== undefined).length, 1, what);
      const named: string[] = [...(over ?? []), ...(of ? [of] : [])];
      value?.((label: string) => named.push(label));
      for (const label of named) t.true(labels.has(label) || elsewhere.test(label), label);
    }
  }
});
