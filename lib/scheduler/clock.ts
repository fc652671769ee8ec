import { performance } from 'node:perf_hooks';

/** Where a scheduler's time comes from; a simulation brings its own. */
export interface Clock {
  /** Milliseconds since some fixed moment. */
  now(): number;
  /** Calls `callback` once, `ms` milliseconds from now. `keepsAlive` tells whether the process waits for it. */
  setTimer(ms: number, callback: () => void, keepsAlive: boolean): Timer;
}

export interface Timer extends KeepAlive {
  cancel(): void;
}

/** What may keep the process alive. */
export interface KeepAlive {
  /** From now on it does, or does not. */
  keepAlive(yes: boolean): void;
}

/** What a Node timer can wait for at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

class NodeTimer implements Timer {
  #timeout: NodeJS.Timeout | undefined;

  #keepsAlive: boolean;

  constructor(ms: number, callback: () => void, keepsAlive: boolean) {
    this.#keepsAlive = keepsAlive;
    this.#start(ms, callback);
  }

  keepAlive(yes: boolean): void {
    this.#keepsAlive = yes;
    if (yes) this.#timeout?.ref();
    else this.#timeout?.unref();
  }

  cancel(): void {
    clearTimeout(this.#timeout);
  }

  #start(ms: number, callback: () => void): void {
    if (ms === Infinity) return;
    const rest = ms - LONGEST_TIMER_MS;
    this.#timeout =
      rest > 0
        ? setTimeout(() => {
            this.#start(rest, callback);
          }, LONGEST_TIMER_MS)
        : setTimeout(callback, ms);
    if (!this.#keepsAlive) this.#timeout.unref();
  }
}

/** The global of that name is a lazy property, looked up at every use. */
const nodePerformance = performance;

/** `performance.now()` and Node's timers. */
export const realClock: Clock = {
  now: () => nodePerformance.now(),
  setTimer: (ms, callback, keepsAlive) => new NodeTimer(ms, callback, keepsAlive),
};
