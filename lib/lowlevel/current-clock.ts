import type { Clock } from '../scheduler/clock';
import { currentScheduler } from '../scheduler/spawn';

/**
 * The clock of the running task's scheduler, or the default one's: a simulation's tasks have its virtual clock. Timers of
 * blocking primitives belong on it.
 */
export function currentClock(): Clock {
  return currentScheduler().clock;
}
