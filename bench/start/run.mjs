// node bench/start/run.mjs [--rounds 25]
//
// What `require` of a package takes of the processor, all threads of the process together, beside two others: each in
// a process of its own, in turns, so that a machine that slows down slows all of them down. The others are installed to
// build/bench-start, without their install scripts: better-sqlite3 loads its addon when a database is first opened, and
// so not in this time.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { inRoot } from '../../scripts/lib/paths.mjs';
import { fail } from '../../scripts/lib/run.mjs';
import { table } from '../../scripts/lib/table.mjs';
import { interleave } from '../js/interleave.mjs';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '25' } } });

const PEERS = ['better-sqlite3', 'piscina'];
const folder = inRoot('build/bench-start');
mkdirSync(folder, { recursive: true });
writeFileSync(`${folder}/package.json`, JSON.stringify({ private: true }));
const install = ['install', '--silent', '--no-audit', '--ignore-scripts', ...PEERS];
execFileSync('npm', install, { cwd: folder, stdio: 'inherit' });

const program = `
  const before = process.cpuUsage();
  const { engine } = require(process.argv[1]);
  const { user, system } = process.cpuUsage(before);
  if (engine === 'none') throw new Error('there are no fibers here');
  console.log(user + system);
`;
const cell = (label, name, cwd) => ({
  label,
  run: () => {
    const output = execFileSync(process.execPath, ['-e', program, name], { cwd });
    return { nanoseconds: Number(output) * 1000 };
  },
});

const names = ['greenfiber', ...PEERS];
const samples = await interleave(
  [cell('greenfiber', inRoot(), folder), ...PEERS.map((name) => cell(name, name, folder))],
  { repetitions: Number(values.rounds) },
);
const summaries = samples.summaries();
for (const label of names) {
  if (summaries[label].failed) fail(`${label}: ${summaries[label].failed}`);
}
const milliseconds = (label) => summaries[label].median / 1e6;
const piscina = milliseconds('piscina');
const rows = names.map((label) => {
  const median = milliseconds(label);
  return [label, median.toFixed(1), `${(median / piscina).toFixed(2)}x`];
});
console.log(table([['require of', 'ms of the processor', '/ piscina'], ...rows]));
