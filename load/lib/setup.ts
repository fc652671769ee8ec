import { abortable, AbortError, shield } from 'greenfiber';
import { isCancellation } from 'greenfiber/lowlevel';

import type { InProcessHandler } from './clients/in-process';
import { contextOf } from './context';
import type { Part } from './part';
import type { Plan } from './plan';
import { noResults, registryOf, type Results } from './results';
import type { Scenario } from './scenario';
import { ambiguous } from './thresholds';
import { asUser, VirtualUser } from './vu';

/** How a run has ended: with what it measured, whatever else there is to tell. */
export interface Outcome {
  readonly results: Results;
  /** What `setup` or `teardown` threw, or a mistake that showed while it ran; there only when there is one. */
  readonly error?: unknown;
  /** Whether the load never began, so that there is nothing to report. */
  readonly isEmpty?: boolean;
}

/** What is needed around the load. */
export interface Surroundings {
  readonly plan: Plan;
  readonly scenario: Scenario;
  readonly name: string;
  readonly part: Part;
  readonly handler?: InProcessHandler | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What `teardown` has left, in milliseconds, when the run was told to end. */
const TEARDOWN_GRACE = 300;

const never = new AbortController().signal;

/**
 * Runs `setup`, what comes between, and `teardown`, also when what comes between throws. Nothing that they throw takes
 * the results along. When the run is told to end, `setup` is cancelled at once and `teardown` after a moment.
 */
export function aroundSetup(job: Surroundings, between: (data: unknown) => Outcome): Outcome {
  const { plan, scenario, handler, signal = never } = job;
  const { setup, teardown } = scenario;
  // What they do is no part of the load, and is not measured.
  const apart = <R>(until: AbortSignal, fn: () => R | Promise<R>): R => {
    const context = contextOf(plan, job.part, handler);
    const user = new VirtualUser(0, context);
    try {
      return abortable(until, () => asUser(user, fn));
    } finally {
      user.close();
      context.deadlines.close();
    }
  };
  let data: unknown;
  try {
    data = setup === undefined ? undefined : apart(signal, setup);
  } catch (error) {
    if (isCancellation(error)) throw error;
    const results = noResults(job, signal.aborted);
    if (signal.aborted && error === signal.reason) return { results };
    return { results, error, isEmpty: true };
  }
  const ending = new Ending(signal);
  let outcome: Outcome | undefined;
  try {
    outcome = between(data);
    outcome = withInterruption(outcome, signal);
  } finally {
    if (teardown !== undefined) {
      const failed = attempt(() => {
        ending.begin();
        shield(() => apart(ending.signal, () => teardown(data)));
      });
      if (outcome !== undefined) {
        outcome = withInterruption(outcome, signal);
        const isOwn = failed?.error === ending.signal.reason && ending.signal.aborted;
        if (failed !== undefined && !isOwn) outcome = { error: failed.error, ...outcome };
      }
    }
    ending.close();
  }
  const mistake = ambiguous(plan.thresholds, registryOf(outcome.results));
  return mistake === undefined ? outcome : { error: mistake, ...outcome };
}

function withInterruption(outcome: Outcome, { aborted }: AbortSignal): Outcome {
  const { results } = outcome;
  if (!aborted || results.interrupted) return outcome;
  return { ...outcome, results: { ...results, interrupted: true } };
}

function attempt(fn: () => void): { error: unknown } | undefined {
  try {
    fn();
    return undefined;
  } catch (error) {
    return { error };
  }
}

/** Ends `teardown` a moment after the run was told to end. */
class Ending {
  readonly #controller = new AbortController();
  readonly #told: AbortSignal;
  #timer: NodeJS.Timeout | undefined;

  constructor(told: AbortSignal) {
    this.#told = told;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  begin(): void {
    if (this.#told.aborted) this.#start();
    else this.#told.addEventListener('abort', this.#start, { once: true });
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#told.removeEventListener('abort', this.#start);
  }

  readonly #start = (): void => {
    this.#timer = setTimeout(() => {
      this.#controller.abort(new AbortError('The run was told to end, and teardown took too long'));
    }, TEARDOWN_GRACE);
  };
}
