// Random programs of resume, yield, throw, return and transfer, each run with real fibers and by the model, and compared
// step by step. Runs as a child process of transfers.test.ts:
//
//   node --expose-gc driver.js <first seed> <number of seeds> <seconds at most>
//
// The last line that it prints names the seed: that of a program that never ends, too.
import { writeSync } from 'node:fs';

import { stats } from 'greenfiber';

import { Engine } from './engine';
import { Model } from './model';
import { Program } from './program';

const first = Number(process.argv[2] ?? 1);
const count = Number(process.argv[3] ?? 100);
const seconds = Number(process.argv[4] ?? Infinity);
const trace = process.env['GREENFIBER_FUZZ_TRACE'] === '1';

/** What was dropped and collected is not known any more. */
function isSame(expected: string, seen: string | undefined): boolean {
  if (seen?.includes('?') !== true) return expected === seen;
  const words = seen.split(' ');
  return expected.split(' ').every((word, i) => word === words[i] || words[i]?.[0] === '?');
}

function fail(seed: number, ...what: string[]): never {
  console.error([`seed ${String(seed)}`, ...what].join('\n'));
  process.exit(1);
}

let programs = 0;
let steps = 0;
let asleep = 0;
const end = Date.now() + seconds * 1000;
for (let seed = first; seed < first + count && Date.now() < end; seed++) {
  writeSync(1, `seed ${String(seed)}\n`);
  const { alive } = stats();
  const seen = new Engine(seed, (stateOf) => new Program(seed, stateOf)).run();
  const model = new Model((stateOf) => new Program(seed, stateOf));
  const expected = model.run();
  if (trace) console.log(seen.join('\n'));
  const at = expected.findIndex((line, i) => !isSame(line, seen[i]));
  if (at >= 0) {
    fail(
      seed,
      ...expected.slice(0, at),
      `model:  ${String(expected[at])}`,
      `fibers: ${String(seen[at])}`,
    );
  }
  if (seen.length > expected.length) fail(seed, `goes on: ${String(seen[expected.length])}`);
  if (stats().alive - alive !== model.alive) {
    fail(seed, `${String(stats().alive - alive)} fibers are left, not ${String(model.alive)}`);
  }
  programs++;
  steps += seen.length;
  asleep += model.alive;
}
console.log(`${String(programs)} programs, ${String(steps)} steps, ${String(asleep)} left asleep`);
