/**
 * Where a task is in its life: waiting for its turn, running, asleep in a blocking call, or ended with a
 * value, an error or its cancellation.
 */
export type TaskStatus = 'ready' | 'running' | 'parked' | 'finished' | 'failed' | 'cancelled';

/** A status as a number: every switch sets two of them, and a number in a field is no business of the collector. */
export const Phase = {
  ready: 0,
  running: 1,
  parked: 2,
  finished: 3,
  failed: 4,
  cancelled: 5,
} as const;
export type Phase = (typeof Phase)[TaskStatus];

const STATUSES = Object.keys(Phase) as TaskStatus[];

export function statusOf(phase: Phase): TaskStatus {
  return STATUSES[phase] ?? 'ready';
}
