import { FiberError } from '../errors';
import type { Task } from './task';

/** The task that runs; undefined while the main stack, or a fiber of nobody's task, runs. */
export const current: { task: Task | undefined } = { task: undefined };

/**
 * The running task, for the function `what` that may block.
 *
 * @throws {@link FiberError} `ERR_FIBER_NOT_IN_FIBER` outside of tasks; the reason of a cancelled scope
 */
export function blockingTask(what: string): Task {
  const { task } = current;
  if (task === undefined) throw outsideError(what);
  if (task.scope.isCancelled) throw task.scope.reason;
  return task;
}

/** As {@link blockingTask}, for what may go on in a cancelled scope. */
export function runningTask(what: string): Task {
  const { task } = current;
  if (task === undefined) throw outsideError(what);
  return task;
}

function outsideError(what: string): FiberError {
  return new FiberError(
    'ERR_FIBER_NOT_IN_FIBER',
    `${what} blocks, and only a task can: call it from inside spawn(() => …) or fiberize(…)`,
  );
}
