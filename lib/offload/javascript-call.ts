import { FiberError, messageOf } from '../base/errors';
import type { KeepAlive } from '../lowlevel/kit';
import type { Job } from './javascript-worker';

/** Who waits for a call. */
export interface Caller {
  wake(value: unknown): unknown;
  fail(error: unknown): unknown;
}

/** Counts the calls that the process waits for. */
export interface KeeperCount {
  countKeepers(change: 1 | -1): void;
}

/** A call of a JavaScript function, from the queue to its end. */
export class JavaScriptCall implements KeepAlive, Caller {
  #keepsAlive = false;
  #done = false;

  constructor(
    /** Of the function, for messages. */
    readonly name: string,
    public job: Job,
    readonly caller: Caller,
    readonly keepers: KeeperCount,
  ) {}

  /**
   * From now on what happens to the arguments does not matter.
   *
   * @throws what cloning them does
   */
  copyArguments(): void {
    this.job = structuredClone(this.job);
  }

  keepAlive(yes: boolean): void {
    if (this.#done || this.#keepsAlive === yes) return;
    this.#keepsAlive = yes;
    this.keepers.countKeepers(yes ? 1 : -1);
  }

  wake(value: unknown): void {
    this.end();
    this.caller.wake(value);
  }

  fail(error: unknown): void {
    this.end();
    this.caller.fail(error);
  }

  /** Nobody waits for it any more. */
  end(): void {
    this.keepAlive(false);
    this.#done = true;
  }

  /** Which of the arguments cannot be cloned, as `cause` says. */
  argumentError(cause: unknown): FiberError {
    const at = this.job.args.findIndex((argument) => {
      try {
        structuredClone(argument);
        return false;
      } catch {
        return true;
      }
    });
    return new FiberError(
      'ERR_FIBER_INVALID_ARG_VALUE',
      `Argument ${String(at + 1)} of ${this.name} cannot be cloned, and so not go to a worker thread: ` +
        `${messageOf(cause).replace(/\.$/, '')}; use plain data`,
      { cause },
    );
  }
}
