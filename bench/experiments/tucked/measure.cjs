// What a tucked fiber costs, in bytes and in nanoseconds:
//
//   node --expose-gc bench/experiments/tucked/measure.cjs [fibers [depth]]
'use strict';

process.env.GREENFIBER_BINDING = require.resolve('./binding.cjs');
process.env.GREENFIBER_TUCK = '0';
process.env.GREENFIBER_ENGINE = 'direct';
const { readFileSync } = require('node:fs');
const { configure, Fiber } = require('../../..');
const addon = require('./binding.cjs');

const [KEPT, GIVEN_BACK] = [0, 1];
const count = Number(process.argv[2] ?? 100_000);
const depth = Number(process.argv[3] ?? 3);

function memory() {
  const status = readFileSync('/proc/self/status', 'utf8');
  const of = (name) => 1024 * Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)[1]);
  return { resident: of('VmRSS'), tables: of('VmPTE') };
}

function print(name, before, after) {
  const each = (key) => Math.round((after[key] - before[key]) / count);
  console.log(`${name}: ${each('resident')} bytes resident, ${each('tables')} of page tables`);
}

configure({ stackSize: 128 * 1024 });
new Fiber(() => Fiber.yield()).resume();
gc();
const fibers = [];
const empty = memory();
const descend = (i, levels) => (levels === 1 ? Fiber.yield(i) + i : descend(i, levels - 1) + 1);
for (let i = 0; i < count; i++) {
  const fiber = new Fiber(() => descend(i, depth));
  fiber.resume();
  fibers.push(fiber);
}
gc();
gc();
print('asleep', empty, memory());

for (let turn = 0; turn < 3; turn++) {
  const there = addon.tuckAll(KEPT) / count;
  const back = addon.untuckAll() / count;
  console.log(`copied: ${Math.round(there)} ns there, ${Math.round(back)} ns back`);
}
const there = addon.tuckAll(GIVEN_BACK) / count;
print('tucked', empty, memory());
const { tucks, ...sums } = addon.tuckStats();
for (const part of ['blocks', 'callback', 'javascript', 'bottom', 'handles', 'differences']) {
  console.log(`${part}: ${sums[part] / tucks}`);
}
console.log(`Fiber: ${sums.fiber}, patterns: ${sums.patterns}`);
let begin = process.hrtime.bigint();
gc();
console.log(`full collection: ${Number(process.hrtime.bigint() - begin) / count} ns each`);
const back = addon.untuckAll() / count;
console.log(`with pages: ${Math.round(there)} ns there, ${Math.round(back)} ns back`);
begin = process.hrtime.bigint();
gc();
console.log(
  `full collection, not tucked: ${Number(process.hrtime.bigint() - begin) / count} ns each`,
);
for (const [i, fiber] of fibers.entries()) {
  if (fiber.resume(1) !== i + depth) throw new Error(`fiber ${i}`);
}
