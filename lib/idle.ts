import type { Addon } from './binding';

const PERIOD_MS = 1000;

let timer: NodeJS.Timeout | undefined;

/**
 * Lets the memory of finished fibers' stacks fall while the program needs fewer: every second, half of what
 * was not needed is given back, until nothing is left to give. Keeps no process alive.
 */
export function trimWhileIdle(addon: Addon): void {
  timer ??= setInterval(() => {
    if (addon.trimIdle() > 0) return;
    clearInterval(timer);
    timer = undefined;
  }, PERIOD_MS).unref();
}
