// Runs everything and answers the report:
//
//   date, commit, commands, machine
//   size          'quick' or 'full'
//   repetitions   { microbenchmarks, programs }, and milliseconds of one repetition of a micro-benchmark
//   peers         [{ name, version } or { name, missing }]
//   programs      [{ name, size, operations }]
//   results       [{ node, cells }], one per Node version: { LABEL: { min, median, spread, repetitions } }, in
//                 nanoseconds; a cell without a result is { failed: reason } or { missing: reason }
//   common        cells that belong to no Node version: peers and native layers
import os from 'node:os';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { capture } from '../../scripts/lib/run.mjs';
import { measureNative } from '../native/microbenchmarks.mjs';
import { findPeers } from '../peers/peers.mjs';
import { measure } from './measure.mjs';
import { findPeer } from './peers.mjs';
import { measureProgram } from './measure-program.mjs';
import { programCells } from './program-cells.mjs';
import { discoverPrograms, operationsOf, sizeOf } from './programs.mjs';

// `wanted`: which labels and program names are asked for. `progress`: { step(text), done(text) }.
export async function runSuite({ targets, size, repetitions, milliseconds, wanted, progress }) {
  const report = {
    date: new Date().toISOString().slice(0, 10),
    commit: await commit(),
    machine: machine(),
    size,
    repetitions,
    milliseconds,
    peers: [],
    programs: [],
    results: targets.map(({ version }) => ({ node: version, cells: {} })),
    common: {},
  };

  progress.step('looking for peers');
  const peers = await findPeers();
  report.peers = peers.map(({ name, version, missing }) => ({ name, version, missing }));

  await measureLayers(report, { targets, wanted, progress });
  for (const program of await discoverPrograms()) {
    if (wanted(program.name)) await addProgram(report, program, { targets, peers, progress });
  }
  return report;
}

// The micro-benchmarks of each Node version, and those of the native layers.
async function measureLayers(report, { targets, wanted, progress }) {
  const { repetitions, milliseconds, results, common } = report;
  const nodeFibers = await findPeer();
  for (const [index, target] of targets.entries()) {
    const onProgress = (text) => progress.step(`Node ${target.version}, ${text}`);
    const options = { repetitions: repetitions.microbenchmarks, milliseconds, wanted, onProgress };
    const { cells } = results[index];
    Object.assign(cells, await measure(target, nodeFibers, options));
    progress.done(outcome(`Node ${target.version}`, Object.entries(cells)));
  }
  const options = { repetitions: repetitions.programs, wanted, onProgress: progress.step };
  Object.assign(common, await measureNative(options));
  progress.done(outcome('native layers', Object.entries(common)));
}

async function addProgram(report, program, { targets, peers, progress }) {
  const { name, broken } = program;
  if (broken) {
    report.common[name] = { failed: broken };
    progress.done(outcome(name, [[name, report.common[name]]]));
    return;
  }
  const repetitions = report.repetitions.programs;
  const operations = operationsOf(program, report.size);
  const onProgress = (label, run) => progress.step(`${label}, run ${run} of ${repetitions}`);
  const options = { targets, peers, size: report.size, ...timing[report.size] };
  const cells = programCells(program, options);
  const measured = await measureProgram(cells, { repetitions, operations, onProgress });
  for (const { node, cells } of report.results) Object.assign(cells, measured.get(node));
  Object.assign(report.common, measured.get(undefined));
  report.programs.push({ name, size: sizeOf(program, report.size), operations });
  const all = [...measured.values()].flatMap(Object.entries);
  const withoutFigures = all.filter(([label]) => !label.includes(', '));
  progress.done(outcome(name, withoutFigures));
}

// Milliseconds of warm-up before a run of a program, and until a run is given up.
const timing = {
  quick: { warmUp: 200, timeout: 180_000 },
  full: { warmUp: 500, timeout: 600_000 },
};

// `results`: [[label, result]]
function outcome(what, results) {
  const failed = results.filter(([, result]) => result.failed).map(([label]) => label);
  return `${what}: ${results.length} cells${failed.length ? `, failed: ${failed.join('; ')}` : ''}`;
}

const machine = () => ({
  cpu: os.cpus()[0]?.model.trim(),
  cpus: os.availableParallelism(),
  memory: Math.round(os.totalmem() / 2 ** 30),
  os: `Linux ${os.release()}`,
  load: os.loadavg()[0],
});

async function commit() {
  const options = { cwd: inRoot(), quiet: true };
  const { ok, output } = await capture('git', ['rev-parse', '--short', 'HEAD'], options);
  return ok ? output.trim() : undefined;
}
