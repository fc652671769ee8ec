import { Command, CommanderError } from 'commander';

import { FiberError } from '../errors';
import { addLoadCommand } from './command';
import { ExitCode } from './exit-codes';

/** Carries a command line out, and answers the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const program = new Command('greenfiber').description('Tools on top of stackful fibers.');
  // Positional: what follows `load merge` is no option of `load`.
  program.exitOverride().enablePositionalOptions().showHelpAfterError('(--help says more)');
  let exitCode: number = ExitCode.ok;
  addLoadCommand(program, (code) => (exitCode = code));
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    exitCode = fail(error);
  }
  return exitCode;
}

/** What of an error a user of the command line wants to see. */
function fail(error: unknown): number {
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
  }
  const isOurs = error instanceof FiberError;
  const cause = isOurs ? error.cause : error;
  const text = isOurs ? error.message : '';
  const stack = cause instanceof Error ? (cause.stack ?? cause.message) : '';
  process.stderr.write(`greenfiber: ${[text, stack].filter(Boolean).join('\n')}\n`);
  return codeOf(error);
}

function codeOf(error: unknown): number {
  if (!(error instanceof FiberError)) return ExitCode.scenario;
  if (error.code === 'ERR_LOAD_SCENARIO') return ExitCode.scenario;
  return /^ERR_(FIBER_INVALID_ARG|LOAD_)/.test(error.code) ? ExitCode.usage : ExitCode.error;
}
