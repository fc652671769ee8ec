import { glance, snapshot } from './snapshot';
import type { Snapshot } from './types';

/** Tasks and fibers that are shown, at most. */
const LIMIT = 1000;

/** The share of a core that taking snapshots may use: half of what a page may cost, the other half is for answering. */
const SHARE = 0.005;

/** What a page is answered: what costs next to nothing as it is now, the rest if it has not seen it yet. */
export interface Look extends Pick<Snapshot, 'process' | 'schedulers' | 'stats'> {
  /** Names the snapshot. */
  readonly look: number;
  /** Milliseconds until there is another one. */
  readonly rest: number;
  /** The snapshot; left out where the page has it. */
  readonly snapshot?: Snapshot;
}

/**
 * Snapshots for pages that ask every second. A snapshot that took long is shown for so much longer that all of them
 * together take half a percent of a core, however many tasks and pages there are.
 */
export class Looks {
  #latest: Snapshot | undefined;
  /** Another program that answers at the same place later has others. */
  #look = Date.now();
  /** When the next may be taken. */
  #next = 0;

  /** The newest that may be had; its counters are those of now. */
  snapshot(): Snapshot {
    return { ...this.#newest(), ...glance() };
  }

  /** For a page that has seen this one. */
  since(seen: number): Look {
    const latest = this.#newest();
    const answer = {
      ...glance(),
      look: this.#look,
      rest: Math.max(0, Math.ceil(this.#next - performance.now())),
    };
    return seen === this.#look ? answer : { ...answer, snapshot: latest };
  }

  #newest(): Snapshot {
    if (this.#latest !== undefined && performance.now() < this.#next) return this.#latest;
    const began = process.cpuUsage();
    this.#latest = snapshot({ limit: LIMIT });
    this.#look++;
    const { user, system } = process.cpuUsage(began); // microseconds
    this.#next = performance.now() + ((user + system) / 1000) * (1 / SHARE - 1);
    return this.#latest;
  }
}
