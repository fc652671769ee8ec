import { types } from 'node:util';

import { TimeoutError } from '../base/errors';
import {
  checkDuration,
  checkFunction,
  checkMoment,
  wrongNumber,
  wrongType,
} from '../base/validators';
import type { Timer } from './clock';
import { runningTask } from './current';
import { Scope } from './scope';
import { settled } from './settled';
import type { Task } from './task';
import { showAs } from '../base/look';

/** What the function given to {@link timeout} and {@link deadline} can do with its own limit. */
export class TimeLimit {
  readonly #scope: Scope;
  #at: number;
  #timer: Timer | undefined;
  #closed = false;

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
    checkMoment('deadline', at);
    this.#at = at;
    if (this.#closed) return;
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
    this.#closed = true;
    this.#timer?.cancel();
  }

  #arm(): void {
    const { task } = this.#scope;
    const { clock } = task.scheduler;
    const left = this.#at - clock.now();
    if (left <= 0) {
      this.#expire();
      return;
    }
    const expire = (): void => {
      this.#expire();
    };
    this.#timer = this.#scope.timer = clock.setTimer(left, expire, task.keepsAlive);
  }

  #expire(): void {
    if (!this.#scope.isCancelled) this.#scope.cancel(new TimeoutError());
  }
}

showAs(TimeLimit, ({ deadline, expired }) => ({ deadline, expired }));

/**
 * Runs `fn`, for the call `what`, in a scope of its own, which is the running task's innermost meanwhile.
 */
export function inScope<T>(what: string, task: Task, scope: Scope, fn: () => Promise<T> | T): T {
  const outer = task.scope;
  task.scope = scope;
  try {
    return settled(what, fn());
  } finally {
    task.scope = outer;
    scope.close();
  }
}

/**
 * Runs `fn`; when it takes longer than `ms` milliseconds, its blocking calls raise a {@link TimeoutError}. Limits
 * nest, and the nearest wins. What `fn` returns in spite of that is returned.
 *
 * @throws {@link FiberError} `ERR_TIMEOUT`; `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`,
 * `ERR_FIBER_NOT_IN_FIBER`
 */
export function timeout<T>(ms: number, fn: (limit: TimeLimit) => Promise<T> | T): T {
  checkDuration('ms', ms);
  const task = runningTask('timeout');
  return limited('timeout', task, task.scheduler.clock.now() + ms, fn);
}

/**
 * As {@link timeout}, until a moment: milliseconds on the clock of {@link now}, or a `Date`.
 *
 * @throws as {@link timeout}
 */
export function deadline<T>(at: number | Date, fn: (limit: TimeLimit) => Promise<T> | T): T {
  const task = runningTask('deadline');
  const { clock } = task.scheduler;
  const moment = types.isDate(at) ? clock.now() + (at.getTime() - Date.now()) : at;
  if (typeof moment !== 'number' || Number.isNaN(moment)) {
    throw wrongNumber('at', 'a number of milliseconds or a valid Date', at);
  }
  return limited('deadline', task, moment, fn);
}

function limited<T>(
  what: string,
  task: Task,
  at: number,
  fn: (limit: TimeLimit) => Promise<T> | T,
): T {
  checkFunction('fn', fn);
  const scope = new Scope(task, task.scope);
  const limit = new TimeLimit(scope, at);
  try {
    return inScope(what, task, scope, () => fn(limit));
  } finally {
    limit.close();
  }
}

/**
 * Runs `fn` without the cancellation of what is around it: its blocking calls work, as clean-up needs. The
 * cancellation is raised by the first blocking call after it.
 *
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_NOT_IN_FIBER`
 */
export function shield<T>(fn: () => Promise<T> | T): T {
  checkFunction('fn', fn);
  const task = runningTask('shield');
  return inScope('shield', task, new Scope(task, task.scope, true), fn);
}

/**
 * Runs `fn`; when `signal` is aborted, its blocking calls raise the signal's reason.
 *
 * @throws the signal's reason; {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_NOT_IN_FIBER`
 */
export function abortable<T>(signal: AbortSignal, fn: () => Promise<T> | T): T {
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
    return inScope('abortable', task, scope, fn);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
