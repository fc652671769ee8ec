import type { Clock, Timer } from '../scheduler/clock';

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A clock that stands still until it is told to jump to its next timer. */
export class VirtualClock implements Clock {
  #now = 0;
  #order = 0;
  /** Pending timers, in no order: a simulation has few. */
  readonly #entries = new Set<Entry>();

  now(): number {
    return this.#now;
  }

  setTimer(ms: number, callback: () => void): Timer {
    const entry = { at: this.#now + ms, order: this.#order++, callback };
    if (ms !== Infinity) this.#entries.add(entry);
    return {
      cancel: () => {
        this.#entries.delete(entry);
      },
      keepAlive: () => undefined, // it is asked, and waits for nobody
    };
  }

  /** Jumps to the next timer and runs it; returns whether there was one. */
  jump(): boolean {
    let next: Entry | undefined;
    for (const entry of this.#entries) {
      const isEarlier =
        next === undefined ||
        entry.at < next.at ||
        (entry.at === next.at && entry.order < next.order);
      if (isEarlier) next = entry;
    }
    if (next === undefined) return false;
    this.#entries.delete(next);
    this.#now = next.at;
    next.callback();
    return true;
  }
}
