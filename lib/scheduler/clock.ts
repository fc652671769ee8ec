import { performance } from 'node:perf_hooks';

import { realmOfTimers } from '../base/realm';

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
  /** Fake timers may have come or gone when it is cancelled. */
  #clear: typeof clearTimeout = clearTimeout;

  #keepsAlive: boolean;

  constructor(ms: number, callback: () => void, keepsAlive: boolean) {
    this.#keepsAlive = keepsAlive;
    this.#start(ms, callback);
  }

  keepAlive(yes: boolean): void {
    this.#keepsAlive = yes;
    const timeout = this.#timeout as Partial<NodeJS.Timeout> | undefined; // a browser's is a number
    if (yes) timeout?.ref?.();
    else timeout?.unref?.();
  }

  cancel(): void {
    this.#clear(this.#timeout);
  }

  #start(ms: number, callback: () => void): void {
    if (ms === Infinity) return;
    const rest = ms - LONGEST_TIMER_MS;
    const timers = realmOfTimers();
    this.#clear = timers.clearTimeout;
    this.#timeout =
      rest > 0
        ? timers.setTimeout(() => {
            this.#start(rest, callback);
          }, LONGEST_TIMER_MS)
        : timers.setTimeout(callback, ms);
    if (!this.#keepsAlive) this.keepAlive(false);
  }
}

/** The global of that name is a lazy property, looked up at every use. */
const nodePerformance = performance;

/** `performance.now()` and Node's timers. */
export const realClock: Clock = {
  now: () => nodePerformance.now(),
  setTimer: (ms, callback, keepsAlive) => new NodeTimer(ms, callback, keepsAlive),
};
