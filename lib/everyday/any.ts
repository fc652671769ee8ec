import { runningTask } from '../scheduler/current';
import { checkBranches, until, type Answer, type Branches, type Outcome } from './branches';
import { valueOf } from './race';

/**
 * Runs functions at the same time, each in a task, until the first succeeds. The others are cancelled; when they have ended,
 * the first one's value is answered.
 *
 * @throws `AggregateError` of all their errors, in their order, when none succeeds; the reason of a cancelled scope;
 * {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE` for an empty list,
 * `ERR_FIBER_NOT_IN_FIBER`
 */
export function any<const F extends Branches>(branches: F): Answer<F> {
  checkBranches(branches, 1);
  runningTask('any');
  const errors = new Array<unknown>(branches.length);
  let first: Outcome | undefined;
  until('any', branches, (outcome, index) => {
    if ('error' in outcome) {
      errors[index] = outcome.error;
      return false;
    }
    first = outcome;
    return true;
  });
  if (first === undefined) throw new AggregateError(errors, 'None of them succeeded');
  return valueOf(first) as Answer<F>;
}
