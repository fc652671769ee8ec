import type { Task } from './task';

/** Milliseconds that a task may hold the thread before `GREENFIBER_DEBUG=1` warns; `GREENFIBER_SLOW_MS` sets it. */
const THRESHOLD_MS = Number(process.env['GREENFIBER_SLOW_MS'] ?? '') || 50;

/** Whether slow tasks are watched for: the scheduler then looks at the clock at every switch. */
export const watchesSlowTasks = process.env['GREENFIBER_DEBUG'] === '1';

/** Warns about a task that held the thread for `ms` milliseconds, if that is too long. */
export function warnIfSlow(task: Task, ms: number): void {
  if (ms < THRESHOLD_MS) return;
  process.emitWarning(
    `${task.name} held the thread for ${ms.toFixed(0)} ms: let it call yieldNow() now and then`,
    'SlowTaskWarning',
  );
}
