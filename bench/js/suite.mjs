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
import { interleave } from './interleave.mjs';
import { measure } from './measure.mjs';
import { findPeer } from './peers.mjs';
import { programCells } from './program-cells.mjs';
import { discoverPrograms, sizeOf } from './programs.mjs';

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
    const cells = programCells(program, { targets, peers, size, warmUp, timeout });
    await measureProgram(report, program, cells, repetitions.programs, progress);
  }
  return report;
}

// Milliseconds of warm-up before a run of a program, and until a run is given up.
const timing = {
  quick: { warmUp: 200, timeout: 60_000 },
  full: { warmUp: 500, timeout: 600_000 },
};

async function measureProgram(report, program, cells, repetitions, progress) {
  const keyOf = ({ node, label }) => (node ? `${label} (Node ${node})` : label);
  const present = cells.filter(({ run }) => run).map((cell) => ({ ...cell, label: keyOf(cell) }));
  const onProgress = (label, repetition) =>
    progress.step(`${label}, run ${repetition} of ${repetitions}`);
  const samples = await interleave(present, { repetitions, onProgress });
  const results = samples.summaries();

  for (const cell of cells) {
    const place = cell.node
      ? report.results.find(({ node }) => node === cell.node).cells
      : report.common;
    const key = keyOf(cell);
    if (cell.missing) place[cell.label] = { missing: cell.missing };
    else place[cell.label] = results[key];
    for (const name of Object.keys(program.figures ?? {})) {
      if (results[`${key}, ${name}`]) place[`${cell.label}, ${name}`] = results[`${key}, ${name}`];
    }
  }
  const size = sizeOf(program, report.size);
  report.programs.push({ name: program.name, size, operations: program.operations?.(size) });
  progress.done(`${program.name}: ${counted(results)}`);
}

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
