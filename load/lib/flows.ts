import type { Part } from './part';
import type { RunContext } from './vu';

/** The golden ratio's fraction: its multiples spread more evenly than those of any other number. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** What the iterations of a load do, each one thing, drawn by weight. */
export class Flows {
  readonly #contexts: readonly RunContext[];
  /** For each, the share of those up to it. */
  readonly #upTo: readonly number[];
  readonly #part: Part;
  #drawn = 0;

  constructor(contexts: readonly RunContext[], weights: readonly number[], part: Part) {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    let sum = 0;
    this.#upTo = weights.map((weight) => (sum += weight) / total);
    this.#contexts = contexts;
    this.#part = part;
  }

  /**
   * Of the next iteration. After any number of draws each has come as often as its weight says, to a few; and they follow
   * each other in no short circle, which users could keep step with.
   */
  next(): RunContext {
    const contexts = this.#contexts;
    let at = 0;
    if (contexts.length > 1) {
      const { index, count } = this.#part;
      const place = ((this.#drawn++ * count + index) * GOLDEN) % 1;
      at = this.#upTo.findIndex((share) => place < share);
    }
    // The last share may come out a little below 1.
    const context = contexts[at] ?? contexts.at(-1);
    if (context === undefined) throw new RangeError('A load has at least one flow');
    return context;
  }
}
