import { FiberKilled } from '../base/errors';
import {
  checkDuration,
  checkFunction,
  checkInteger,
  checkObject,
  wrongNumber,
} from '../base/validators';
import { sleep } from '../scheduler/blocking';
import { blockingTask } from '../scheduler/current';
import { settled } from '../scheduler/settled';

export interface RetryOptions {
  /** How often the function is called at most; `Infinity`: until it succeeds. Default 3. */
  attempts?: number;
  /** Milliseconds before the second attempt. Default 100. */
  delay?: number;
  /** What each further delay is multiplied by, from 1. Default 2. */
  factor?: number;
  /** Milliseconds that a delay has at most. Default 30,000. */
  maxDelay?: number;
  /** Which part of each delay chance may take away, from 0 to 1, so that many do not come back at once. Default 0.5. */
  jitter?: number;
  /** Whether it may succeed after this error; called in the task, and may block. By default always. */
  when?: (error: unknown, attempt: number) => Promise<boolean> | boolean;
}

/**
 * Calls `fn(attempt)`, with 1, 2, …, until it succeeds, and returns its value. Cancellation is never retried: neither that
 * of what is around the call, nor the unwinding of its fiber. A `timeout` inside `fn` is an error as any other.
 *
 * @throws the last attempt's error; the reason of a cancelled scope; {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`,
 * `ERR_FIBER_INVALID_ARG_VALUE`, `ERR_FIBER_NOT_IN_FIBER`
 */
export function retry<T>(fn: (attempt: number) => Promise<T> | T, options: RetryOptions = {}): T {
  checkFunction('fn', fn);
  const { attempts, factor, maxDelay, jitter, when, ...rest } = checked(options);
  const task = blockingTask('retry');
  let { delay } = rest;
  for (let attempt = 1; ; attempt++) {
    try {
      return settled('retry', fn(attempt));
    } catch (error) {
      const isOver = task.isCancelled || error instanceof FiberKilled || attempt >= attempts;
      if (isOver || !settled('retry', when(error, attempt))) throw error;
    }
    sleep(Math.min(delay, maxDelay) * (1 - jitter * task.scheduler.random()));
    delay *= factor;
  }
}

function checked(options: RetryOptions): Required<RetryOptions> {
  checkObject('options', options);
  const { attempts = 3, delay = 100, factor = 2, maxDelay = 30_000, jitter = 0.5 } = options;
  const { when = () => true } = options;
  if (attempts !== Infinity) checkInteger('options.attempts', attempts, 1, 2 ** 31 - 1);
  checkDuration('options.delay', delay);
  checkDuration('options.maxDelay', maxDelay);
  checkRange('options.factor', factor, 1, Number.MAX_VALUE);
  checkRange('options.jitter', jitter, 0, 1);
  checkFunction('options.when', when);
  return { attempts, delay, factor, maxDelay, jitter, when };
}

function checkRange(name: string, value: unknown, least: number, most: number): void {
  if (typeof value === 'number' && value >= least && value <= most) return;
  const wanted =
    most === Number.MAX_VALUE
      ? `from ${String(least)}`
      : `from ${String(least)} to ${String(most)}`;
  throw wrongNumber(name, `a number ${wanted}`, value);
}
