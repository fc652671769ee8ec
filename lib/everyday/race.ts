import { runningTask } from '../scheduler/current';
import { spliceAsyncFrames } from '../base/stack-trace';
import { checkBranches, until, type Answer, type Branches, type Outcome } from './branches';

/**
 * Runs functions at the same time, each in a task, until the first ends. The others are cancelled; when they have ended,
 * the first one's value is answered, or its error thrown. What the others raise meanwhile is dropped.
 *
 * @throws the first one's error; the reason of a cancelled scope; {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`,
 * `ERR_FIBER_INVALID_ARG_VALUE` for an empty list, `ERR_FIBER_NOT_IN_FIBER`
 */
export function race<const F extends Branches>(branches: F): Answer<F> {
  checkBranches(branches, 1);
  runningTask('race');
  let first: Outcome | undefined;
  until('race', branches, (outcome) => {
    first = outcome;
    return true;
  });
  return valueOf(first) as Answer<F>;
}

/** Throws the error, its trace continued with who waited. */
export function valueOf(outcome: Outcome | undefined): unknown {
  if (outcome !== undefined && 'value' in outcome) return outcome.value;
  spliceAsyncFrames(outcome?.error);
  throw outcome?.error;
}
