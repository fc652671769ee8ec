import { isMainThread } from 'node:worker_threads';

import { dumpOn } from './dump';
import { enable } from './enable';
import { reportLeaksAtExit } from './leaks';

/** Milliseconds that a task may hold the thread before `GREENFIBER_DEBUG=1` warns. */
const SLOW_TASK_MS = 50;

/**
 * `GREENFIBER_DEBUG=1`: everything is collected from the start, slow tasks are warned about, SIGUSR2 dumps, and
 * what still sleeps at exit is reported.
 */
export function debug(): void {
  const slowTask = Number(process.env['GREENFIBER_SLOW_MS'] ?? '');
  enable({ slowTask: slowTask > 0 ? slowTask : SLOW_TASK_MS });
  reportLeaksAtExit();
  if (isMainThread) dumpOn('SIGUSR2');
}
