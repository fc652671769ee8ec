import type { ServerResponse } from 'node:http';

import { CpuLimitError, TimeoutError } from '../base/errors';
import { withCpuLimit } from '../scheduler/cpu-limit';
import { runningTask } from '../scheduler/current';
import { inScope } from '../scheduler/limits';
import { Scope } from '../scheduler/scope';
import { settled } from '../scheduler/settled';
import { isAnswered } from './failure';
import { HttpError } from './http-error';

/** What a handler may use, in milliseconds; `Infinity`: any. */
export interface HandlerLimits {
  /** Until the request is answered. */
  readonly handlerTimeout: number;
  /** Of processor time. */
  readonly cpuLimit: number;
}

/**
 * Runs a handler, for the call `what`, within its limits. An async handler is waited for.
 *
 * @throws {@link HttpError} 503, `ERR_HTTP_NOT_ANSWERED` or `ERR_TASK_CPU_LIMIT`; what the handler throws else
 */
export function withinLimits<T>(
  what: string,
  { handlerTimeout, cpuLimit }: HandlerLimits,
  response: ServerResponse,
  handler: () => Promise<T> | T,
): T {
  const timed =
    handlerTimeout === Infinity ? handler : () => inTime(what, handlerTimeout, response, handler);
  if (cpuLimit === Infinity) return settled(what, timed());
  try {
    return withCpuLimit(what, cpuLimit, timed);
  } catch (error) {
    throw error instanceof CpuLimitError ? tooMuch(error) : error;
  }
}

/**
 * Runs a handler. When `ms` milliseconds are over and the request is not answered, the handler's blocking calls raise;
 * after the answer it may take as long as it likes.
 */
function inTime<T>(
  what: string,
  ms: number,
  response: ServerResponse,
  handler: () => Promise<T> | T,
): T {
  const task = runningTask(what);
  const scope = new Scope(task, task.scope);
  const tooLate = new TimeoutError('The handler took too long to answer');
  const expire = (): void => {
    if (!isAnswered(response)) scope.cancel(tooLate);
  };
  const timer = task.scheduler.clock.setTimer(ms, expire, task.keepsAlive);
  scope.timer = timer;
  try {
    return inScope(what, task, scope, handler);
  } catch (error) {
    throw error === tooLate ? notInTime(tooLate) : error;
  } finally {
    timer.cancel();
  }
}

function notInTime(cause: TimeoutError): HttpError {
  return new HttpError(503, cause.message, { code: 'ERR_HTTP_NOT_ANSWERED', cause });
}

function tooMuch(cause: CpuLimitError): HttpError {
  return new HttpError(503, cause.message, { code: 'ERR_TASK_CPU_LIMIT', cause });
}
