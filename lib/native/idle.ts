import type { Addon } from './binding';
import { clearInterval, setInterval } from '../base/timers';

const PERIOD_MS = 1000;

let timer: NodeJS.Timeout | undefined;

/**
 * Lets the memory of stacks fall while the program needs less. Every second: of the stacks that finished
 * fibers left and nobody needed, half are given back; of fibers that sleep, a bounded number is looked at, and
 * what a deep recursion left below the place where they sleep is given back; so are page tables and, after a
 * burst, what malloc holds. Ends when nothing is left to look after. Keeps no process alive.
 */
export function trimWhileIdle(addon: Addon): void {
  timer ??= setInterval(() => {
    if (addon.trimIdle()) return;
    clearInterval(timer);
    timer = undefined;
  }, PERIOD_MS).unref();
}

/** Until the next fiber begins. */
export function stopTrimming(): void {
  timer?.ref(); // or Node's clock would ring for it all the same
  clearInterval(timer);
  timer = undefined;
}
