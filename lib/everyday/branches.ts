import { FiberError } from '../base/errors';
import { isCancellation } from '../scheduler/cancellation';
import { checkFunction, wrongType } from '../base/validators';
import { group } from '../scheduler/group';
import { observe } from '../scheduler/promise-watch';
import { settled } from '../scheduler/settled';

/** A list of functions that may block, or are async. */
export type Branches = readonly (() => unknown)[];

/** What one of the functions of a list returns. */
export type Answer<F extends Branches> = Awaited<ReturnType<F[number]>>;

/** What the functions of a list return. */
export type Answers<F extends Branches> = {
  -readonly [I in keyof F]: Awaited<ReturnType<F[I]>>;
};

/**
 * A list of functions. Promises in it were begun by somebody else, cannot be cancelled, and are refused.
 *
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`
 */
export function checkBranches(branches: unknown, least: number): void {
  if (!Array.isArray(branches)) throw wrongType('branches', 'an array of functions', branches);
  try {
    for (const [i, branch] of branches.entries()) checkFunction(`branches[${String(i)}]`, branch);
  } catch (error) {
    for (const branch of branches as unknown[]) observe(branch);
    throw error;
  }
  if (branches.length >= least) return;
  throw new FiberError(
    'ERR_FIBER_INVALID_ARG_VALUE',
    'branches must be a list that is not empty, not []: nothing would ever come of it',
  );
}

/** What became of one function. */
export type Outcome = { readonly value: unknown } | { readonly error: unknown };

/**
 * Runs each in a task of its own, all in one group, until `decide` returns true for what became of one: then the others
 * are cancelled. When it returns all have ended. What the others raise then is of no interest to anybody.
 */
export function until(
  what: string,
  branches: Branches,
  decide: (outcome: Outcome, index: number) => boolean,
): void {
  group((tasks) => {
    let decided = false;
    const tell = (outcome: Outcome, index: number): void => {
      if (decided || !decide(outcome, index)) return;
      decided = true;
      tasks.cancel();
    };
    for (const [index, branch] of branches.entries()) {
      tasks.spawn(() => {
        try {
          tell({ value: settled(what, branch()) }, index);
        } catch (error) {
          if (isCancellation(error)) throw error;
          tell({ error }, index);
        }
      });
    }
  });
}
