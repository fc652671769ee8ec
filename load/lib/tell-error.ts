import { FiberError } from 'greenfiber';

import { ExitCode } from './exit-codes';
import type { Outputs } from './outputs';
import type { Summary } from './summary';

/**
 * Writes what of an error a user of the command line wants to see.
 *
 * @param foreign - how the command ends by an error that is not ours
 * @returns how it ends
 */
export function tellError(error: unknown, foreign: number): number {
  const isOurs = error instanceof FiberError;
  const cause = isOurs ? error.cause : error;
  const text = isOurs ? error.message : '';
  const isList = cause instanceof AggregateError; // whose errors are in the message
  const stack = cause instanceof Error && !isList ? (cause.stack ?? cause.message) : '';
  const shown = cause instanceof Error || isOurs ? stack : String(cause);
  process.stderr.write(`greenfiber: ${[text, shown].filter(Boolean).join('\n')}\n`);
  if (!isOurs) return foreign;
  if (error.code === 'ERR_LOAD_SCENARIO') return ExitCode.scenario;
  if (error.code === 'ERR_LOAD_OUTPUT') return ExitCode.error;
  return /^ERR_(FIBER_INVALID_ARG|LOAD_)/.test(error.code) ? ExitCode.usage : foreign;
}

/** How a command ends that has come to its end. */
export function exitCodeOf(summary: Summary, { failures }: Outputs, interrupted = false): number {
  for (const failure of failures) process.stderr.write(`greenfiber: ${failure}\n`);
  if (interrupted) return ExitCode.interrupted;
  if (failures.length > 0) return ExitCode.error;
  return summary.passed ? ExitCode.ok : ExitCode.thresholds;
}
