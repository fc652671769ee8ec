// The committed list of differences that are no faults: test/world/expected.txt. One a line,
//
//   name | Node versions | engines | reason
//
// with * for any version or engine. A crash is never expected.
import { readFileSync } from 'node:fs';
import { inRoot } from '../paths.mjs';
import { fail } from '../run.mjs';

const covers = (list, value) => list === '*' || list.split(',').includes(String(value));

function parse(line) {
  const [name, majors, engines, reason] = line.split('|').map((cell) => cell.trim());
  if (!reason) fail(`test/world/expected.txt: no reason in: ${line}`);
  return { name, majors, engines, reason };
}

/** Answers a function of a case's name: why it may differ here, or undefined. */
export function expectedDifferences(major, engine) {
  const lines = readFileSync(inRoot('test/world/expected.txt'), 'utf8').split('\n');
  const here = lines
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map(parse)
    .filter(({ majors, engines }) => covers(majors, major) && covers(engines, engine));
  const reasons = new Map(here.map(({ name, reason }) => [name, reason]));
  return (name) => reasons.get(name);
}
