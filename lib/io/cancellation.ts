import { current } from '../scheduler/current';

/** Whether `error` is what the running task's scope was cancelled with. */
export function isCancellation(error: unknown): boolean {
  const scope = current.task?.scope;
  return scope?.isCancelled === true && error === scope.reason;
}
