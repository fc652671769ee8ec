import { runningTask } from '../scheduler/current';
import { checkBranches, type Answers, type Branches } from './branches';
import { map } from './map';

/**
 * Runs functions at the same time, each in a task, and returns what they return, in their order. When one fails, the others
 * are cancelled, and its error is thrown when they have ended.
 *
 * @throws as {@link group}; {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_NOT_IN_FIBER`
 */
export function all<const F extends Branches>(branches: F): Answers<F> {
  checkBranches(branches, 0);
  runningTask('all');
  return map<() => unknown, unknown>(branches, (branch) => branch()) as Answers<F>;
}
