/**
 * Keeps the process, or the thread, alive when something is thrown where nobody can catch it, by a callback of a
 * scenario's own, say: a load test is not to be lost by it.
 */
export class Strays {
  #handler: ((error: unknown) => void) | undefined = undefined;
  readonly #early: unknown[] = [];

  constructor() {
    process.on('uncaughtException', this.#take);
    process.on('unhandledRejection', this.#take);
  }

  /** From now on `handler` is told, also of what came before. */
  deliverTo(handler: (error: unknown) => void): void {
    this.#handler = handler;
    for (const error of this.#early.splice(0)) handler(error);
  }

  release(): void {
    process.off('uncaughtException', this.#take);
    process.off('unhandledRejection', this.#take);
  }

  readonly #take = (error: unknown): void => {
    if (this.#handler === undefined) this.#early.push(error);
    else this.#handler(error);
  };
}
