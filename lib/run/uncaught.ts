import { isError } from '../base/errors';

const TOLD = ['uncaughtException', 'uncaughtExceptionMonitor', 'unhandledRejection'];

/**
 * Makes an error uncaught, as if nothing had caught it. Where nobody asks how it came to be uncaught it is left as a
 * rejection: of an error that is thrown again Node shows a line of code, and it would be the one below.
 */
export function makeUncaught(error: unknown): void {
  if (isError(error) && nobodyIsTold()) {
    void Promise.reject(error);
    return;
  }
  process.nextTick(() => {
    throw error;
  });
}

function nobodyIsTold(): boolean {
  if (TOLD.some((event) => process.listenerCount(event) > 0)) return false;
  if (process.hasUncaughtExceptionCaptureCallback()) return false;
  const options = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''];
  return !options.some((option) => /--(unhandled-rejections|trace-uncaught)/.test(option));
}
