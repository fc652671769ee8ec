// npm run bench: the benchmarks of the JavaScript API, in a minute per Node version.
//
//   npm run bench                                 the Node that runs it
//   npm run bench -- --node 20,22,24,26           each with its own binary and addon
//   npm run bench -- --node 20,22,24,26 --write   also refreshes the tables in README.md and docs/
//   npm run bench -- --repetitions 21 --milliseconds 200     the long version
//   npm run bench -- --node 26 --bindings FOLDER  uses FOLDER/26.node instead of building the addon
//
// Results go to docs/benchmarks/latest.{json,md}.
import os from 'node:os';
import { parseArgs } from 'node:util';
import ora from 'ora';
import { table } from '../scripts/lib/table.mjs';
import { replaceGenerated, writeFormatted } from './js/generated.mjs';
import { measure } from './js/measure.mjs';
import { findPeer } from './js/peers.mjs';
import * as markdown from './js/report.mjs';
import { targets } from './js/targets.mjs';

const { values } = parseArgs({
  options: {
    node: { type: 'string' },
    bindings: { type: 'string' },
    repetitions: { type: 'string', default: '9' },
    milliseconds: { type: 'string', default: '60' },
    write: { type: 'boolean', default: false },
  },
});
const repetitions = Math.max(7, Number(values.repetitions));
const milliseconds = Number(values.milliseconds);

const load = os.loadavg()[0];
const spinner = ora('looking for node-fibers').start();
if (load > 0.5)
  spinner.warn(`the machine is busy (load ${load.toFixed(1)}): do not trust the figures`);
spinner.start();
const peer = await findPeer();
const results = [];
for (const target of targets(values.node, values.bindings)) {
  const start = performance.now();
  const onProgress = (step) => {
    spinner.text = `Node ${target.version}: ${step}`;
  };
  const cells = await measure(target, peer, { repetitions, milliseconds, onProgress });
  results.push({ node: target.version, cells });
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  spinner.succeed(`Node ${target.version}: ${Object.keys(cells).length} cells in ${seconds} s`);
  spinner.start();
}
spinner.stop();

const report = {
  date: new Date().toISOString().slice(0, 10),
  machine: {
    cpu: os.cpus()[0]?.model.trim(),
    cpus: os.availableParallelism(),
    os: `Linux ${os.release()}`,
    load,
  },
  // Where it lies on this machine is nobody's business.
  peer: { name: peer.name, version: peer.version, missing: peer.missing },
  repetitions,
  milliseconds,
  results,
};
await writeFormatted('docs/benchmarks/latest.json', JSON.stringify(report));
await writeFormatted('docs/benchmarks/latest.md', markdown.fullReport(report));
if (values.write) {
  const parts = {
    goals: markdown.goalTable(report),
    cells: markdown.cellTable(report),
    provenance: markdown.provenance(report),
  };
  await replaceGenerated('docs/performance.md', parts);
  await replaceGenerated('README.md', { goals: parts.goals, provenance: parts.provenance });
}

console.log(`\n${table([markdown.goalHead(report), ...markdown.goalRows(report)])}`);
console.log('\nAll cells: docs/benchmarks/latest.md');
