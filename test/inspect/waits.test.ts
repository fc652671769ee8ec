import test from 'ava';

import type { Wait } from 'greenfiber/inspect';

const { cyclesOf } = require('../../dist/inspect/waits') as {
  cyclesOf: (waits: readonly Wait[]) => number[][];
};

const waits = (...pairs: [number, number][]): Wait[] =>
  pairs.map(([from, to]) => ({ from, to, call: 'test', needed: true }));

/** The same circle, begun with its smallest id. */
const turned = (cycle: number[]) => {
  const first = cycle.indexOf(Math.min(...cycle));
  return [...cycle.slice(first), ...cycle.slice(0, first)];
};

test('a tree and a diamond have no cycle', (t) => {
  t.deepEqual(cyclesOf([]), []);
  t.deepEqual(cyclesOf(waits([1, 2], [1, 3], [2, 4], [3, 4])), []);
});

test('a cycle is named in the order of its waits, without those who lead into it', (t) => {
  const cycles = cyclesOf(waits([9, 1], [1, 2], [2, 3], [3, 1], [2, 8]));
  t.deepEqual(cycles.map(turned), [[1, 2, 3]]);
});

test('separate cycles are all named, and two that share a task', (t) => {
  const separate = cyclesOf(waits([1, 2], [2, 1], [3, 4], [4, 3]));
  t.deepEqual(separate.map(turned).sort(), [
    [1, 2],
    [3, 4],
  ]);
  const sharing = cyclesOf(waits([1, 2], [2, 1], [2, 3], [3, 2]));
  t.deepEqual(sharing.map(turned).sort(), [
    [1, 2],
    [2, 3],
  ]);
});

test('a wait that may end otherwise is no part of a cycle', (t) => {
  const [there, back] = waits([1, 2], [2, 1]);
  t.deepEqual(cyclesOf([there!, { ...back!, needed: false }]), []);
});

test('a chain of a hundred thousand waits needs no stack', (t) => {
  const length = 100_000;
  const chain = Array.from({ length }, (_, i): [number, number] => [i, i + 1]);
  t.deepEqual(cyclesOf(waits(...chain)), []);
  const [cycle] = cyclesOf([...waits(...chain), ...waits([length, 0])]);
  t.is(cycle?.length, length + 1);
});

test('a thicket of waits is answered in time, with some of its cycles', (t) => {
  const ids = Array.from({ length: 60 }, (_, i) => i);
  const all = ids.flatMap((a) => ids.filter((b) => a !== b).map((b): [number, number] => [a, b]));
  const cycles = cyclesOf(waits(...all));
  t.true(cycles.length > 0 && cycles.length <= 100);
});
