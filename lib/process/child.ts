import { spawn as spawnNative, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { pipeline, type Writable } from 'node:stream';

import { Handle } from '../io/handle';
import { Reader } from '../io/reader';
import { Writer } from '../io/writer';
import { showAs } from '../base/look';
import { wrongType } from '../base/validators';
import { blockingTask } from '../scheduler/current';
import { Waiter } from '../scheduler/waiter';

/** How a process ended: one of them is null. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const noop = (): void => undefined;

/** A process that {@link spawn} started. */
export class Child implements Disposable {
  /** Node's own. */
  readonly native: ChildProcess;
  readonly #waiting = new Set<Waiter<undefined>>();
  #stdin: Writer | undefined;
  // Made at once: where nobody listens to an output, Node throws it away when the process ends.
  readonly #stdout: Reader | undefined;
  readonly #stderr: Reader | undefined;

  /** @internal */
  constructor(native: ChildProcess) {
    this.native = native;
    if (native.stdout !== null) this.#stdout = new Reader(native.stdout);
    if (native.stderr !== null) this.#stderr = new Reader(native.stderr);
    native.on('error', noop); // of a signal that could not be sent, or of the scope that killed it
    native.once('exit', () => {
      for (const waiter of this.#waiting) waiter.wake(undefined);
    });
  }

  get pid(): number {
    return this.native.pid ?? -1;
  }

  /**
   * What it reads.
   *
   * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE` where it is no pipe
   */
  get stdin(): Writer {
    return (this.#stdin ??= new Writer(pipeOf('stdin', this.native.stdin)));
  }

  /**
   * What it writes.
   *
   * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE` where it is no pipe
   */
  get stdout(): Reader {
    return pipeOf('stdout', this.#stdout);
  }

  /** What it complains of; otherwise as {@link stdout}. */
  get stderr(): Reader {
    return pipeOf('stderr', this.#stderr);
  }

  /** How it ended; undefined while it runs. */
  get exit(): Exit | undefined {
    const { exitCode, signalCode } = this.native;
    return exitCode === null && signalCode === null
      ? undefined
      : { code: exitCode, signal: signalCode };
  }

  /**
   * Lets what it writes go to another process, or to a stream, which is answered: `a.pipe(b).stdout.readAll()`. When
   * either end fails, so does the other; the exits tell. Its `stdout` is not to be used then.
   *
   * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE` where either is no pipe; `ERR_STREAM_BUSY` while a task reads
   */
  pipe<To extends Child | Writable>(to: To): To {
    const from = this.stdout;
    const into: Writable = to instanceof Child ? pipeOf('stdin', to.native.stdin) : to;
    from.release();
    pipeline(from.stream, into, noop);
    return to;
  }

  /**
   * Sleeps until it has ended, and returns how. Its output may still be read.
   *
   * @throws {@link FiberError} `ERR_FIBER_NOT_IN_FIBER`; the reason of a cancelled scope
   */
  wait(): Exit {
    const task = blockingTask('Child.wait');
    while (this.exit === undefined) {
      const waiter = new Waiter<undefined>(task, 'Child.wait', this);
      this.#waiting.add(waiter);
      try {
        Handle.of(this.native).park(waiter, noop);
      } finally {
        this.#waiting.delete(waiter);
      }
    }
    return this.exit;
  }

  /** Sends a signal, by default SIGTERM, and returns whether it could. */
  kill(signal?: NodeJS.Signals): boolean {
    return this.native.kill(signal);
  }

  /** Ends it if it still runs. */
  [Symbol.dispose](): void {
    if (this.exit === undefined) this.kill();
  }
}

showAs(Child, ({ pid, exit }) => ({ pid, ...exit }));

function pipeOf<T>(name: string, stream: T | null | undefined): T {
  if (stream !== null && stream !== undefined) return stream;
  throw wrongType(`options.stdio of ${name}`, "'pipe', to be read or written here", stream);
}

/**
 * Starts a process, and sleeps until it has started. It is killed when what is around the call is cancelled: a timeout, a
 * group, the task; and by `using child = spawn(…)` at the end of the block.
 *
 * @throws the system's error: `ENOENT` where there is no such command; {@link FiberError} `ERR_FIBER_NOT_IN_FIBER`; the
 * reason of a cancelled scope
 */
export function spawn(
  command: string,
  args: readonly string[] = [],
  options: SpawnOptions = {},
): Child {
  const task = blockingTask('spawn');
  const around = task.scope.signal;
  const signal = options.signal == null ? around : AbortSignal.any([options.signal, around]);
  const native = spawnNative(command, args, { ...options, signal });
  const waiter = new Waiter<undefined>(task, 'spawn', command);
  native.once('spawn', () => waiter.wake(undefined));
  native.once('error', (error) => waiter.fail(error));
  const child = new Child(native);
  Handle.of(native).park(waiter, noop); // its signal kills it
  return child;
}
