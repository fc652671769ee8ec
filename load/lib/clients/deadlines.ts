import type { Clock, Timer } from 'greenfiber/lowlevel';

/** Something that may take so long, in the list of all that may. */
export interface Deadline {
  /** On the clock of the run. */
  at: number;
  before: Deadline | undefined;
  after: Deadline | undefined;
  expire(): void;
}

/**
 * Deadlines that all lie equally far ahead when they are set, so that they come in the order in which they were set: one
 * timer for all, instead of one for every request.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #ms: number;
  #first: Deadline | undefined = undefined;
  #last: Deadline | undefined = undefined;
  #timer: Timer | undefined = undefined;

  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#ms = ms;
  }

  set(entry: Deadline): void {
    if (this.#ms === Infinity) return;
    entry.at = this.#clock.now() + this.#ms;
    entry.before = this.#last;
    entry.after = undefined;
    if (this.#last === undefined) this.#first = entry;
    else this.#last.after = entry;
    this.#last = entry;
    if (this.#timer === undefined) this.#arm(this.#ms);
  }

  clear(entry: Deadline): void {
    const { before, after } = entry;
    if (before === undefined && this.#first !== entry) return; // is not set
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    entry.before = entry.after = undefined;
  }

  /** For good. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#first = this.#last = undefined;
  }

  #arm(ms: number): void {
    this.#timer = this.#clock.setTimer(ms, this.#look, false);
  }

  readonly #look = (): void => {
    const now = this.#clock.now();
    let first = this.#first;
    while (first !== undefined && first.at - now < 0.5) {
      this.clear(first);
      first.expire();
      first = this.#first;
    }
    this.#timer = undefined;
    if (first !== undefined) this.#arm(Math.max(1, first.at - now));
  };
}
