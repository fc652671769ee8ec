// npm run bench: everything that is measured, against everything it is measured against.
//
//   npm run bench                                 the Node that runs it, some minutes
//   npm run bench -- --long                       full sizes and more repetitions, an hour or more
//   npm run bench -- --node 20,22,24,26           each with its own binary and addon
//   npm run bench -- --only sieve,switch          programs and cells whose name contains one of these
//   npm run bench -- --long --node 20,22,24,26 --write     the committed results and tables
//   npm run bench -- --node 26 --bindings FOLDER  uses FOLDER/26.node instead of building the addon
//
// Results go to build/bench, with --write to docs/benchmarks: results.json, results.md, index.html. `node
// bench/install-peers.mjs` installs the peers.
import { writeFileSync } from 'node:fs';
import os from 'node:os';
import { parseArgs } from 'node:util';
import ora from 'ora';
import { inRoot } from '../scripts/lib/paths.mjs';
import { table } from '../scripts/lib/table.mjs';
import { fail } from '../scripts/lib/run.mjs';
import { replaceGenerated, writeFormatted } from './js/generated.mjs';
import { goalGroups } from './js/goals.mjs';
import * as markdown from './js/report.mjs';
import { runSuite } from './js/suite.mjs';
import { targets } from './js/targets.mjs';
import { page } from './page/page.mjs';

const { values } = parseArgs({
  options: {
    node: { type: 'string' },
    bindings: { type: 'string' },
    only: { type: 'string', default: '' },
    long: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
if (values.write && values.only) fail('--write replaces all results: leave out --only');
const only = values.only.split(',');

const spinner = ora({ discardStdin: false }).start();
const load = os.loadavg()[0];
if (load > 0.5) {
  spinner.warn(`the machine is busy (load ${load.toFixed(1)}): do not trust the figures`).start();
}
const start = performance.now();
const report = await runSuite({
  targets: [...targets(values.node, values.bindings)],
  ...(values.long
    ? { size: 'full', repetitions: { microbenchmarks: 15, programs: 7 }, milliseconds: 150 }
    : { size: 'quick', repetitions: { microbenchmarks: 9, programs: 3 }, milliseconds: 50 }),
  wanted: (name) => only.some((text) => name.includes(text)),
  progress: {
    step: (text) => (spinner.text = text),
    done: (text) => spinner.succeed(text).start(),
  },
});
spinner.stop();
report.commands = ['node bench/install-peers.mjs', `npm run bench -- ${commandLine()}`];

const folder = values.write ? 'docs/benchmarks' : 'build/bench';
await writeFormatted(`${folder}/results.json`, JSON.stringify(report));
await writeFormatted(`${folder}/results.md`, markdown.fullReport(report));
writeFileSync(inRoot(folder, 'index.html'), page(report));
if (values.write) {
  const parts = {
    ratios: markdown.ratioTable(report),
    cells: markdown.cellTable(report),
    programs: markdown.programTable(report),
    peers: markdown.peerTable(report),
    provenance: markdown.provenance(report),
  };
  await replaceGenerated('docs/performance.md', parts);
}

for (const { title, goals } of goalGroups) {
  const rows = markdown.goalRows(report, goals);
  console.log(`\n${title}\n${table([markdown.goalHead(report), ...rows])}`);
}
console.log(`\nMissing and failed\n${markdown.problemList(report)}`);
const minutes = (performance.now() - start) / 60_000;
console.log(
  `\n${minutes.toFixed(1)} minutes. All of it: ${folder}/results.md, ${folder}/index.html`,
);

// Without folders of this machine.
function commandLine() {
  const args = Object.entries(values).filter(([name, value]) => value && name !== 'bindings');
  return args.map(([name, value]) => `--${name}${value === true ? '' : ` ${value}`}`).join(' ');
}
