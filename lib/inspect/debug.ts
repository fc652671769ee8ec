import { isMainThread } from 'node:worker_threads';

import { SLOW_TASK_MS, watchSlowTasks } from '../scheduler/slow-tasks';
import { dumpOn } from './dump';
import { enable } from './enable';
import { reportLeaksAtExit } from './leaks';

/**
 * `GREENFIBER_DEBUG=1`: everything is collected from the start, slow tasks are told on stderr while they run, SIGUSR2
 * dumps, and what still sleeps at exit is reported.
 */
export function debug(): void {
  const slowTask = Number(process.env['GREENFIBER_SLOW_MS'] ?? '');
  enable();
  watchSlowTasks(slowTask > 0 ? slowTask : SLOW_TASK_MS, undefined);
  reportLeaksAtExit();
  if (isMainThread) dumpOn('SIGUSR2');
}
