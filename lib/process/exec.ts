import * as native from 'node:child_process';

import { Handle } from '../io/handle';
import { blockingTask } from '../scheduler/current';
import { Waiter } from '../scheduler/waiter';

export interface ExecOptions extends native.ExecFileOptions {
  /** What the process reads. By default nothing. */
  input?: string | Uint8Array;
}

/** What a process wrote. */
export interface Output<T = string> {
  readonly stdout: T;
  readonly stderr: T;
}

type Callback = (error: Error | null, stdout: unknown, stderr: unknown) => void;

/**
 * Runs a command in a shell, sleeps until it has ended, and returns what it wrote. It is killed when the call is cancelled.
 *
 * @throws `Error` when it cannot be run, ends with another code than 0 or by a signal: with `code`, `signal`, `stdout`
 * and `stderr`, as from `node:child_process`; {@link FiberError} `ERR_FIBER_NOT_IN_FIBER`; the reason of a cancelled scope
 */
export function exec(
  command: string,
  options: ExecOptions & { encoding: 'buffer' | null },
): Output<Buffer>;
export function exec(
  command: string,
  options?: ExecOptions & { encoding?: BufferEncoding },
): Output;
export function exec(
  command: string,
  options: ExecOptions & { encoding?: string | null } = {},
): Output<unknown> {
  return run('exec', options, (settings, callback) =>
    native.exec(command, settings as native.ExecOptions, callback),
  );
}

/**
 * Runs a program, without a shell; otherwise as {@link exec}.
 *
 * @throws as {@link exec}
 */
export function execFile(
  file: string,
  args: readonly string[],
  options: ExecOptions & { encoding: 'buffer' | null },
): Output<Buffer>;
export function execFile(
  file: string,
  args?: readonly string[],
  options?: ExecOptions & { encoding?: BufferEncoding },
): Output;
export function execFile(
  file: string,
  args: readonly string[] = [],
  options: ExecOptions & { encoding?: string | null } = {},
): Output<unknown> {
  return run('execFile', options, (settings, callback) =>
    native.execFile(file, args, settings as native.ExecFileOptions, callback),
  );
}

function run(
  what: string,
  options: ExecOptions,
  start: (settings: object, callback: Callback) => native.ChildProcess,
): Output<unknown> {
  const task = blockingTask(what);
  const { input, ...settings } = options;
  const waiter = new Waiter<Output<unknown>>(task, what);
  let told: typeof waiter | undefined = waiter;
  const child = start(settings, (error, stdout, stderr) => {
    if (error === null) told?.wake({ stdout, stderr });
    else told?.fail(Object.assign(error, { stdout, stderr }));
  });
  waiter.on = child.spawnfile;
  // It need not read what it is given.
  child.stdin?.on('error', () => undefined).end(input);
  return Handle.of(child).park(waiter, () => {
    told = undefined;
    child.kill(options.killSignal);
  });
}
