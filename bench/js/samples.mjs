// What was measured so far, by label. A cell that failed once is failed, whatever it measured before.
import { summarize } from './statistics.mjs';

export class Samples {
  #values = new Map();
  #failures = new Map();

  add(label, value) {
    if (!Number.isFinite(value)) throw new Error(`${label} is not a number: ${String(value)}`);
    if (!this.#values.has(label)) this.#values.set(label, []);
    this.#values.get(label).push(value);
  }

  fail(label, reason) {
    this.#failures.set(label, reason);
  }

  isFailed(label) {
    return this.#failures.has(label);
  }

  // { LABEL: summary or { failed: reason } }
  summaries() {
    const failures = [...this.#failures].map(([label, failed]) => [label, { failed }]);
    const summaries = [...this.#values].map(([label, values]) => [label, summarize(values)]);
    return Object.fromEntries([...summaries, ...failures]);
  }
}
