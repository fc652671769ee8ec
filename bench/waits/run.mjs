// What `wait` of a pending promise costs beside `await`: one process, rounds that take turns, processor time. Prints the
// lower quartile, which other programs disturb less than the median.
//
//   node bench/waits/run.mjs [--rounds 90]
import { parseArgs } from 'node:util';
import { spawn, wait } from 'greenfiber';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '90' } } });
const OPERATIONS = 20_000;
const WARM_UP = 10;

const pending = () => Promise.resolve().then(() => undefined);

async function waits() {
  await spawn(() => {
    for (let i = 0; i < OPERATIONS; i++) wait(pending());
  });
}

async function awaits() {
  for (let i = 0; i < OPERATIONS; i++) await pending();
}

/** Nanoseconds of processor time for each operation. */
async function time(work) {
  const begin = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(begin);
  return (1000 * (user + system)) / OPERATIONS;
}

function quartile(samples) {
  return samples.toSorted((a, b) => a - b)[Math.floor(samples.length / 4)];
}

const samples = { wait: [], await: [] };
for (let round = -WARM_UP; round < Number(values.rounds); round++) {
  const sample = { wait: await time(waits), await: await time(awaits) };
  if (round < 0) continue;
  samples.wait.push(sample.wait);
  samples.await.push(sample.await);
}
const [ofWait, ofAwait] = [quartile(samples.wait), quartile(samples.await)];
console.log(
  `Node ${process.versions.node}: wait ${ofWait.toFixed(0)} ns, await ${ofAwait.toFixed(0)} ns, ` +
    `wait / await ${(ofWait / ofAwait).toFixed(2)} (at most 3)`,
);
