import { execFile } from 'node:child_process';
import { join } from 'node:path';

/** How a child process ended. A crash shows as `signal`, a hang as `SIGKILL`. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface ChildOptions {
  /** For node, besides `--expose-gc`. */
  flags?: string[];
  /** For the program. */
  args?: string[];
  env?: NodeJS.ProcessEnv;
  /** Milliseconds until the child is killed. */
  timeout?: number;
}

/** What a child process runs: a file, source text, or a function that uses nothing but its argument. */
export type Program = string | ((greenfiber: typeof import('greenfiber')) => unknown);

/** Where `require('greenfiber')` finds the package under test. */
const ROOT = join(__dirname, '../..');

/** Runs what may crash in a process of its own, with the same node, binding and engine. */
export function runChild(program: Program, options: ChildOptions = {}): Promise<Exit> {
  const { flags = [], args = [], env = {}, timeout = 60_000 } = options;
  const what =
    typeof program === 'function'
      ? ['-e', `(${String(program)})(require('greenfiber'))`]
      : /^\S+\.[cm]?js$/.test(program)
        ? [program]
        : ['-e', program];
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ['--expose-gc', ...flags, ...what, ...args],
      {
        cwd: ROOT,
        env: { ...process.env, ...env },
        timeout,
        killSignal: 'SIGKILL',
        maxBuffer: 1 << 26,
      },
      (_error, stdout, stderr) => {
        resolve({ code: child.exitCode, signal: child.signalCode, stdout, stderr });
      },
    );
  });
}
