import { current } from './current';

/** Whether `error` is what the running task's scope was cancelled with. */
export function isCancellation(error: unknown): boolean {
  const { task } = current;
  return task?.isCancelled === true && error === task.scope.reason;
}
