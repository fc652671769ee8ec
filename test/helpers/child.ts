import { execFile } from 'node:child_process';
import { join } from 'node:path';

import { ROOT } from './root';

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
  /** Milliseconds until the child is killed; ten times as many in an emulator. */
  timeout?: number;
}

/** What a child process runs: a file, source text, or a function that uses nothing but its argument. */
export type Program = string | ((greenfiber: typeof import('greenfiber')) => unknown);

/** What the suite runs with: a file of test/preload. */
const preload = process.env['GREENFIBER_PRELOAD'];
const always = [
  '--expose-gc',
  ...(preload ? [`--require=${join(ROOT, 'test/preload', `${preload}.cjs`)}`] : []),
];

/** ava starts all tests of a file at once; so many processes would only wait for each other, and time out. */
const AT_ONCE = 2;
const waiting: (() => void)[] = [];
let running = 0;

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running === AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  else running++;
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next === undefined) running--;
    else next();
  }
}

/**
 * Runs what may crash in a process of its own, with the same node, binding and engine; of a test file, only a few
 * at a time.
 */
export function runChild(program: Program, options: ChildOptions = {}): Promise<Exit> {
  return inTurn(() => start(program, options));
}

function start(program: Program, options: ChildOptions): Promise<Exit> {
  const { flags = [], args = [], env = {}, timeout = 60_000 } = options;
  const what =
    typeof program === 'function'
      ? ['-e', `(${String(program)})(require('greenfiber'))`]
      : /^\S+\.[cm]?[jt]s$/.test(program)
        ? [program]
        : ['-e', program];
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [...always, ...flags, ...what, ...args],
      { cwd: ROOT, env: { ...process.env, ...env }, maxBuffer: 1 << 26 },
      (_error, stdout, stderr) => {
        clearTimeout(timer);
        resolve({ code: child.exitCode, signal: child.signalCode, stdout, stderr });
      },
    );
    // Where the event loop was late itself, a child that has ended long since is seen to end first.
    const patience = timeout * (process.env['GREENFIBER_EMULATED'] === undefined ? 1 : 10);
    const timer = setTimeout(() => setImmediate(() => child.kill('SIGKILL')), patience);
  });
}
