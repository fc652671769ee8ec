import { FiberError } from '../base/errors';
import type { Task } from './task';

/** The task that runs; undefined while the main stack, or a fiber of nobody's task, runs. */
export const current: { task: Task | undefined } = { task: undefined };

/** Is told that `to` runs from now on, in place of `from`; undefined: nobody's task. Must not throw. */
export type SwitchObserver = (from: Task | undefined, to: Task | undefined) => void;

const observers = new Set<SwitchObserver>();

/** From now on `observer` is told of every switch. */
export function observeSwitches(observer: SwitchObserver): void {
  observers.add(observer);
  tellOfSwitches();
}

/** Takes {@link observeSwitches} back. */
export function ignoreSwitches(observer: SwitchObserver): void {
  observers.delete(observer);
  tellOfSwitches();
}

/**
 * Turns {@link current}'s property into an accessor, or back, so that nothing is asked, and nothing lost, while nobody
 * is told.
 */
function tellOfSwitches(): void {
  let { task } = current;
  const told = [...observers];
  const property =
    told.length === 0
      ? { value: task, writable: true }
      : {
          get: () => task,
          set: (next: Task | undefined) => {
            const last = task;
            task = next;
            if (next !== last) for (const observer of told) observer(last, next);
          },
        };
  Object.defineProperty(current, 'task', { ...property, configurable: true, enumerable: true });
}

/**
 * The running task, for the function `what` that may block.
 *
 * @throws {@link FiberError} `ERR_FIBER_NOT_IN_FIBER` outside of tasks; the reason of a cancelled scope
 */
export function blockingTask(what: string): Task {
  const { task } = current;
  if (task === undefined) throw outsideError(what);
  if (task.isCancelled) throw task.scope.reason;
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
    `${what} blocks, and only a task can: call it from inside spawn(() => …) or fiberize(…). ` +
      'What follows an await, as in forEach(async …), has left the task that it began in: ' +
      'use wait(promise) in place of await; and a callback of a timer or an event was never in one',
  );
}
