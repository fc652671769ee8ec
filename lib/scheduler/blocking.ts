import { checkDuration } from '../base/validators';
import { blockingTask, current } from './current';
import { Scheduler } from './scheduler';
import { Waiter } from './waiter';

/**
 * Lets the other ready tasks run, in their order, then goes on. Timers and sockets get their turn after a
 * slice, however often tasks yield.
 *
 * @throws {@link FiberError} `ERR_FIBER_NOT_IN_FIBER` outside of tasks, `ERR_FIBER_NOT_YIELDABLE`; the reason of a
 * cancelled scope
 */
export function yieldNow(): void {
  const task = blockingTask('yieldNow');
  task.scheduler.yieldFrom(task);
  if (task.isCancelled) throw task.scope.reason;
}

/**
 * Sleeps for `ms` milliseconds while other tasks run; `Infinity` sleeps until cancelled.
 *
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`,
 * `ERR_FIBER_NOT_IN_FIBER`, `ERR_FIBER_NOT_YIELDABLE`; the reason of a cancelled scope
 */
export function sleep(ms: number): void {
  checkDuration('ms', ms);
  const waiter = Waiter.begin<undefined>('sleep');
  const { task } = waiter;
  const timer = task.scheduler.clock.setTimer(ms, () => waiter.wake(undefined), task.keepsAlive);
  waiter.keeper = timer;
  waiter.park(() => {
    timer.cancel();
  });
}

/**
 * Milliseconds of the running task's scheduler, on the clock that {@link deadline} counts by: that of
 * `performance.now()`, or a simulation's.
 */
export function now(): number {
  return (current.task?.scheduler ?? Scheduler.default).clock.now();
}
