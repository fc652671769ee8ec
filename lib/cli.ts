#!/usr/bin/env node
/**
 * The command `greenfiber`: finds the tool that is asked for.
 *
 * @packageDocumentation
 */
import type * as bundle from './commands/bundle';
import type * as doctor from './commands/doctor';
import type * as load from './commands/load';
import type * as repl from './commands/repl';
import type * as run from './commands/run';

const USAGE = `Usage: greenfiber <command>

  run <file>        runs a program whose top-level code may wait
  repl              an interactive prompt that may wait
  doctor [--json]   says whether fibers run here, and if not, why; for bug reports
  bundle <folder>   puts beside a bundle what a bundler leaves behind: the binary, the inspector's page
  load              runs load tests; a package of its own, greenfiber-load (greenfiber load --help)
`;

const commands: Record<string, (() => void) | undefined> = {
  bundle: () => {
    (require('./commands/bundle') as typeof bundle).bundle(process.argv.slice(2));
  },
  doctor: () => {
    (require('./commands/doctor') as typeof doctor).doctor(process.argv.slice(2));
  },
  load: () => {
    (require('./commands/load') as typeof load).load();
  },
  repl: () => {
    (require('./commands/repl') as typeof repl).repl();
  },
  run: () => {
    (require('./commands/run') as typeof run).run();
  },
};

const name = process.argv[2] ?? '';
const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
if (command !== undefined) {
  if (name !== 'run') process.argv.splice(2, 1);
  command();
} else {
  const isHelp = name === '--help' || name === '-h';
  if (!isHelp && name !== '') process.stderr.write(`greenfiber: no command ${name}\n`);
  (isHelp ? process.stdout : process.stderr).write(USAGE);
  process.exitCode = isHelp ? 0 : 2;
}
