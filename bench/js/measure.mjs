// The micro-benchmarks of one Node version: cells of plan.mjs that are timed in batches, each in a process of its own
// and interleaved. Where a process lies in memory makes a difference of some percent, so each cell is measured in
// several, one after the other.
import { Cell } from './cell.mjs';
import { interleave } from './interleave.mjs';
import { labelOf, ownScenarios, peerScenarios } from './plan.mjs';
import { Samples } from './samples.mjs';

const ROUNDS = 3;

// Answers { LABEL: summary, { failed } or { missing } }. `peer` is what findPeer() answered, `wanted` tells which
// labels are asked for, `onProgress` is told of every step.
export async function measure(target, peer, options) {
  const { repetitions, milliseconds, wanted = () => true, onProgress } = options;
  const chosen = (scenarios) => scenarios.filter((scenario) => wanted(labelOf(scenario)));
  const own = chosen(ownScenarios).map((scenario) => ({
    ...scenario,
    execPath: target.execPath,
    env: { GREENFIBER_BINDING: target.binding, GREENFIBER_ENGINE: scenario.engine ?? '' },
  }));
  const { execPath, env } = peer;
  const theirs = chosen(peerScenarios).map((scenario) => ({ ...scenario, execPath, env }));
  const all = peer.missing ? own : [...own, ...theirs];

  const samples = new Samples();
  const perRound = Math.ceil(repetitions / ROUNDS);
  for (let round = 1; round <= ROUNDS; round++) {
    const step = (text) => onProgress(`round ${round} of ${ROUNDS}: ${text}`);
    await measureRound(all, samples, { perRound, milliseconds, step });
  }
  const { missing } = peer;
  const absent = missing ? theirs.map((scenario) => [labelOf(scenario), { missing }]) : [];
  return { ...samples.summaries(), ...Object.fromEntries(absent) };
}

async function measureRound(scenarios, samples, { perRound, milliseconds, step }) {
  const cells = [];
  try {
    for (const scenario of scenarios) {
      const label = labelOf(scenario);
      if (samples.isFailed(label)) continue;
      step(`${label}: warming up`);
      const cell = new Cell(scenario.file, scenario.name, { ...scenario, milliseconds });
      cells.push({ label, cell, run: () => cell.measure() });
      await cell.ready().catch((error) => samples.fail(label, error.message));
    }
    await interleave(cells, { repetitions: perRound, samples, onProgress: step });
  } finally {
    for (const { cell } of cells) cell.stop();
  }
}
