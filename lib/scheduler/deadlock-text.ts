import type { Task } from './task';

/**
 * How a deadlock is told. Apart from the watch for it, which few programs load that only require greenfiber:
 * lib/inspect/reports.ts, which every entry point does load, knows more of a task than its name.
 */
export const deadlockText = {
  describe: (asleep: readonly Task[]): string =>
    asleep.map(({ name, waiter }) => `${name}: waits in ${waiter?.what ?? 'nothing'}`).join('\n'),
};
