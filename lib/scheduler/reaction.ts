import { adopt } from './promise-watch';
import type { Waiter } from './waiter';

type Told = Pick<Waiter, 'settleAndRun'>;

/**
 * What a sleeping task asks a promise of the language with, which tells once. When it has told, the task's next wait can
 * have the same one.
 */
export class Reaction {
  #told: Told | undefined = undefined;
  #promise: Promise<unknown> | undefined = undefined;

  readonly onValue = (value: unknown): void => {
    this.#told?.settleAndRun(value, false);
  };

  readonly onError = (error: unknown): void => {
    this.#told?.settleAndRun(error, true);
  };

  /** The promise keeps its reactions as long as it is pending: they let go of a waiter that gave up. */
  readonly giveUp = (): void => {
    if (this.#promise !== undefined) this.#told = adopt(this.#promise);
    this.#promise = undefined;
  };

  /** Tells `waiter` of `promise`, which was given both functions. */
  tell(waiter: Told, promise: Promise<unknown>): void {
    this.#told = waiter;
    this.#promise = promise;
  }

  /** It has told, and keeps nothing. */
  rest(): void {
    this.#told = this.#promise = undefined;
  }
}
