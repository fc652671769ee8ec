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
  const { warmUp, timeout } = timing[size];
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

  const nodeFibers = await findPeer();
  for (const [index, target] of targets.entries()) {
    const onProgress = (text) => progress.step(`Node ${target.version}, ${text}`);
    const options = { repetitions: repetitions.microbenchmarks, milliseconds, wanted, onProgress };
    const cells = await measure(target, nodeFibers, options);
    Object.assign(report.results[index].cells, cells);
    progress.done(`Node ${target.version}: ${counted(cells)}`);
  }

  const native = { repetitions: repetitions.programs, wanted, onProgress: progress.step };
  Object.assign(report.common, await measureNative(native));
  progress.done(`native layers: ${counted(report.common)}`);

  for (const program of (await discoverPrograms()).filter(({ name }) => wanted(name))) {
    if (program.broken) {
      report.common[program.name] = { failed: program.broken };
      progress.done(`${program.name}: ${program.broken}`);
      continue;
    }
    const cells = programCells(program, { targets, peers, size, warmUp, timeout });
    const onProgress = (label, repetition) =>
      progress.step(`${label}, run ${repetition} of ${repetitions.programs}`);
    const options = {
      repetitions: repetitions.programs,
      operations: operationsOf(program, size),
      onProgress,
    };
    const measured = await measureProgram(cells, options);
    for (const { node, cells } of report.results) Object.assign(cells, measured.get(node));
    Object.assign(report.common, measured.get(undefined));
    report.programs.push({
      name: program.name,
      size: sizeOf(program, size),
      operations: options.operations,
    });
    progress.done(`${program.name}: ${counted(Object.assign({}, ...measured.values()))}`);
  }
  return report;
}

// Milliseconds of warm-up before a run of a program, and until a run is given up.
const timing = {
  quick: { warmUp: 200, timeout: 180_000 },
  full: { warmUp: 500, timeout: 600_000 },
};

function counted(cells) {
  const all = Object.entries(cells);
  const failed = all.filter(([, { failed }]) => failed).map(([label]) => label);
  return `${all.length} cells${failed.length ? `, failed: ${failed.join('; ')}` : ''}`;
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
