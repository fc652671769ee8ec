// All cells of one Node version, each in a process of its own, interleaved: every cell is measured once
// before any is measured a second time, so a machine that slows down slows all of them down. Where a process
// lies in memory makes a difference of some percent, so each cell is measured in several, one after the other.
import { Cell } from './cell.mjs';
import { labelOf, ownScenarios, peerScenarios } from './plan.mjs';
import { summarize } from './statistics.mjs';

const ROUNDS = 3;

// `onProgress` is told of every step.
export async function measure(target, peer, { repetitions, milliseconds, onProgress }) {
  const own = ownScenarios.map((scenario) => ({
    ...scenario,
    execPath: target.execPath,
    env: { GREENFIBER_BINDING: target.binding, GREENFIBER_ENGINE: scenario.engine ?? '' },
  }));
  const theirs = peer.missing
    ? []
    : peerScenarios.map((scenario) => ({ ...scenario, execPath: peer.execPath, env: peer.env }));

  const samples = new Map();
  const perRound = Math.ceil(repetitions / ROUNDS);
  for (let round = 1; round <= ROUNDS; round++) {
    const step = (text) => onProgress(`round ${round} of ${ROUNDS}: ${text}`);
    await measureRound([...own, ...theirs], samples, { perRound, milliseconds, step });
  }
  return Object.fromEntries([...samples].map(([label, values]) => [label, summarize(values)]));
}

async function measureRound(chosen, samples, { perRound, milliseconds, step }) {
  const cells = new Map();
  try {
    for (const scenario of chosen) {
      const label = labelOf(scenario);
      step(`${label}: warming up`);
      const cell = new Cell(scenario.file, scenario.name, { ...scenario, milliseconds });
      cells.set(label, cell);
      await cell.ready();
    }
    for (let repetition = 0; repetition < perRound; repetition++) {
      for (const [label, cell] of cells) {
        step(label);
        const values = samples.get(label) ?? samples.set(label, []).get(label);
        values.push(await cell.measure());
      }
    }
  } finally {
    for (const cell of cells.values()) cell.stop();
  }
}
