// node bench/go/run.mjs: Go's figures beside ours, interleaved in one run. Without Go installed, only ours.
//
//   unbuffered channel round trip between two tasks, ns       (goroutines on one thread)
//   skynet, concurrent, ms: [levels], by default 5            (and async functions)
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { Cell } from '../js/cell.mjs';
import { summarize } from '../js/statistics.mjs';

const ROUNDS = 5;
const levels = process.argv[2] ?? '5';

const folder = mkdtempSync(path.join(os.tmpdir(), 'greenfiber-go-'));

function goVersion() {
  try {
    return execFileSync('go', ['version'], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}

function buildGo(name) {
  const program = path.join(folder, name);
  execFileSync('go', ['build', '-o', program, inRoot('bench', 'go', `${name}.go`)]);
  return program;
}

const run = (program, args) =>
  execFileSync(program, args, { encoding: 'utf8' }).trim().split('\n').map(Number);

const skynet = (kind) =>
  run(process.execPath, [
    inRoot('bench', 'js', 'programs', 'skynet-concurrent.mjs'),
    kind,
    levels,
    '2',
  ]);

function show(what, unit, samples) {
  console.log(`\n${what}, ${unit}: minimum, median`);
  for (const [name, values] of Object.entries(samples)) {
    const { min, median } = summarize(values);
    console.log(
      `  ${name.padEnd(18)} ${min.toFixed(1).padStart(9)} ${median.toFixed(1).padStart(9)}`,
    );
  }
}

try {
  const version = goVersion();
  console.log(version ?? 'Go is not installed');
  const channel = { greenfiber: [], ...(version && { Go: [] }) };
  const nets = { greenfiber: [], 'async functions': [], ...(version && { Go: [] }) };
  const [goChannel, goSkynet] = version ? [buildGo('channel'), buildGo('skynet')] : [];
  const cell = new Cell('tasks', 'unbuffered channel round trip', { milliseconds: 20 });
  await cell.ready();
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < 10; i++) channel.greenfiber.push(await cell.measure());
    if (version) channel.Go.push(...run(goChannel, ['100000', '10']));
  }
  cell.stop();
  show('Unbuffered channel round trip', 'ns', channel);
  for (let round = 0; round < ROUNDS; round++) {
    nets.greenfiber.push(...skynet('tasks'));
    nets['async functions'].push(...skynet('async'));
    if (version) nets.Go.push(...run(goSkynet, [levels, '2']));
  }
  show(`Skynet, concurrent, ${levels} levels`, 'ms', nets);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
