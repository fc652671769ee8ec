import { Command, CommanderError } from 'commander';

import { addLoadCommand } from './command';
import { ExitCode } from './exit-codes';
import { tellError } from './tell-error';
import { version } from './version';

/** Carries a command line out, and returns the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const program = new Command('greenfiber').description('Tools on top of stackful fibers.');
  // Positional: what follows `load merge` is no option of `load`.
  program.exitOverride().enablePositionalOptions().showHelpAfterError('(--help says more)');
  program.version(version(), '-v, --version', 'print the version');
  let exitCode: number = ExitCode.ok;
  addLoadCommand(program, (code) => (exitCode = code));
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
    }
    exitCode = tellError(error, ExitCode.error);
  }
  return exitCode;
}
