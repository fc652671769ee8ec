import { ExitCode } from './exit-codes';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The first Ctrl-C ends the run with a report, at whatever stage it is; the second one at once. */
export class Interruption {
  readonly #controller = new AbortController();

  constructor() {
    for (const signal of SIGNALS) process.on(signal, this.#interrupt);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** What the promise is fulfilled with; undefined when a signal comes first. */
  async unlessCome<T>(promise: Promise<T>): Promise<T | undefined> {
    const come = new Promise<undefined>((resolve) => {
      this.signal.addEventListener('abort', () => {
        resolve(undefined);
      });
    });
    promise.catch(() => undefined); // nobody may wait for it any more
    return Promise.race([promise, come]);
  }

  release(): void {
    for (const signal of SIGNALS) process.off(signal, this.#interrupt);
  }

  readonly #interrupt = (): void => {
    if (this.signal.aborted) process.exit(ExitCode.killed);
    process.stderr.write('\nending: the report follows; once more to end at once\n');
    this.#controller.abort();
  };
}
