import { types } from 'node:util';

import { TimeoutError } from '../errors';
import { checkDuration, checkFunction, wrongType } from '../options';
import type { Timer } from './clock';
import { runningTask } from './current';
import { Scope } from './scope';
import type { Task } from './task';

/** What the function given to {@link timeout} and {@link deadline} can do with its own limit. */
export class TimeLimit {
  readonly #scope: Scope;
  #at: number;
  #timer: Timer | undefined;

  /** @internal */
  constructor(scope: Scope, at: number) {
    this.#scope = scope;
    this.#at = at;
    this.#arm();
  }

  /** When the time runs out, in milliseconds on the clock of {@link now}. Setting it moves the limit. */
  get deadline(): number {
    return this.#at;
  }

  set deadline(at: number) {
    if (typeof at !== 'number' || Number.isNaN(at)) {
      throw wrongType('deadline', 'a number of milliseconds', at);
    }
    this.#at = at;
    this.#timer?.cancel();
    this.#arm();
  }

  /** Whether it has run out, or something around it was cancelled. */
  get expired(): boolean {
    return this.#scope.isCancelled;
  }

  /** Aborted when it runs out, or something around it is cancelled. */
  get signal(): AbortSignal {
    return this.#scope.signal;
  }

  /** @internal */
  close(): void {
    this.#timer?.cancel();
  }

  #arm(): void {
    const { task } = this.#scope;
    const { clock } = task.scheduler;
    const left = this.#at - clock.now();
    if (left <= 0) this.#expire();
    else
      this.#timer = clock.setTimer(
        left,
        () => {
          this.#expire();
        },
        task.keepsAlive,
      );
  }

  #expire(): void {
    this.#scope.cancel(new TimeoutError());
  }
}

/** Runs `fn` in a scope of its own, which is the running task's innermost meanwhile. */
export function inScope<T>(task: Task, scope: Scope, fn: () => T): T {
  const outer = task.scope;
  task.scope = scope;
  try {
    return fn();
  } finally {
    task.scope = outer;
    scope.close();
  }
}

/**
 * Runs `fn`; when it takes longer than `ms` milliseconds, its blocking calls raise a {@link TimeoutError}. Limits
 * nest, and the nearest wins. What `fn` answers in spite of that is the answer.
 *
 * @throws {@link FiberError} `ERR_TIMEOUT`; `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`,
 * `ERR_FIBER_NOT_IN_FIBER`
 */
export function timeout<T>(ms: number, fn: (limit: TimeLimit) => T): T {
  checkDuration('ms', ms);
  const task = runningTask('timeout');
  return limited(task, task.scheduler.clock.now() + ms, fn);
}

/**
 * As {@link timeout}, until a moment: milliseconds on the clock of {@link now}, or a `Date`.
 *
 * @throws as {@link timeout}
 */
export function deadline<T>(at: number | Date, fn: (limit: TimeLimit) => T): T {
  const task = runningTask('deadline');
  const { clock } = task.scheduler;
  const moment = types.isDate(at) ? clock.now() + (at.getTime() - Date.now()) : at;
  if (typeof moment !== 'number' || Number.isNaN(moment)) {
    throw wrongType('at', 'a number of milliseconds or a valid Date', at);
  }
  return limited(task, moment, fn);
}

function limited<T>(task: Task, at: number, fn: (limit: TimeLimit) => T): T {
  checkFunction('fn', fn);
  const scope = new Scope(task, task.scope);
  return inScope(task, scope, () => {
    const limit = new TimeLimit(scope, at);
    try {
      return fn(limit);
    } finally {
      limit.close();
    }
  });
}

/**
 * Runs `fn` without the cancellation of what is around it: its blocking calls work, as clean-up needs. The
 * cancellation is raised by the first blocking call after it.
 *
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_NOT_IN_FIBER`
 */
export function shield<T>(fn: () => T): T {
  checkFunction('fn', fn);
  const task = runningTask('shield');
  return inScope(task, new Scope(task, task.scope, true), fn);
}

/**
 * Runs `fn`; when `signal` is aborted, its blocking calls raise the signal's reason.
 *
 * @throws the signal's reason; {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_NOT_IN_FIBER`
 */
export function abortable<T>(signal: AbortSignal, fn: () => T): T {
  if (!((signal as unknown) instanceof AbortSignal)) {
    throw wrongType('signal', 'an AbortSignal', signal);
  }
  checkFunction('fn', fn);
  const task = runningTask('abortable');
  const scope = new Scope(task, task.scope);
  const abort = (): void => {
    scope.cancel(signal.reason);
  };
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  try {
    return inScope(task, scope, fn);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
