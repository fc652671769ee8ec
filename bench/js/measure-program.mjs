// The cells of one program (see program-cells.mjs), interleaved, and the results sorted by Node version.
import { interleave } from './interleave.mjs';

// Answers a Map from Node version, or undefined for peers, to { LABEL: summary, { failed } or { missing } }. If
// `operations`, how many one run performs, is known, there is also `LABEL, each`: nanoseconds.
export async function measureProgram(cells, { repetitions, operations, onProgress }) {
  const keyOf = ({ node, label }) => (node ? `${label} (Node ${node})` : label);
  const present = cells.filter(({ run }) => run).map((cell) => ({ ...cell, label: keyOf(cell) }));
  const samples = await interleave(present, { repetitions, onProgress });
  const results = Object.entries(samples.summaries());

  const sorted = new Map();
  for (const cell of cells) {
    const { node, label, missing } = cell;
    if (!sorted.has(node)) sorted.set(node, {});
    const place = sorted.get(node);
    if (missing) place[label] = { missing };
    const key = keyOf(cell);
    for (const [name, result] of results) {
      if (name === key || name.startsWith(`${key}, `))
        place[label + name.slice(key.length)] = result;
    }
    const whole = place[label];
    if (operations && whole.median) {
      const each = { min: whole.min / operations, median: whole.median / operations };
      place[`${label}, each`] = { ...whole, ...each };
    }
  }
  return sorted;
}
