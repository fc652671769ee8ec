import { performance } from 'node:perf_hooks';

/** Where a scheduler's time comes from; a simulation brings its own. */
export interface Clock {
  /** Milliseconds since some fixed moment. */
  now(): number;
  /** Calls `callback` once, `ms` milliseconds from now. `keepsAlive` tells whether the process waits for it. */
  setTimer(ms: number, callback: () => void, keepsAlive: boolean): Timer;
}

export interface Timer {
  cancel(): void;
}

/** What a Node timer can wait for at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

class NodeTimer implements Timer {
  #timeout: NodeJS.Timeout | undefined;

  constructor(ms: number, callback: () => void, keepsAlive: boolean) {
    this.#start(ms, callback, keepsAlive);
  }

  cancel(): void {
    clearTimeout(this.#timeout);
  }

  #start(ms: number, callback: () => void, keepsAlive: boolean): void {
    if (ms === Infinity) return;
    const rest = ms - LONGEST_TIMER_MS;
    this.#timeout =
      rest > 0
        ? setTimeout(() => {
            this.#start(rest, callback, keepsAlive);
          }, LONGEST_TIMER_MS)
        : setTimeout(callback, ms);
    if (!keepsAlive) this.#timeout.unref();
  }
}

/** The global of that name is a lazy property, looked up at every use. */
const nodePerformance = performance;

/** `performance.now()` and Node's timers. */
export const realClock: Clock = {
  now: () => nodePerformance.now(),
  setTimer: (ms, callback, keepsAlive) => new NodeTimer(ms, callback, keepsAlive),
};
