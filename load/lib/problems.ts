import { FiberError, type FiberErrorCode } from 'greenfiber';

/** What is wrong with a plan: all of it is told at once. */
export class Problems {
  readonly #errors: FiberError[] = [];

  add(error: FiberError): void {
    this.#errors.push(error);
  }

  /** What `fn` returns; undefined when it throws a typed error, which is kept. */
  try<T>(fn: () => T): T | undefined {
    try {
      return fn();
    } catch (error) {
      if (!(error instanceof FiberError)) throw error;
      this.#errors.push(error);
      return undefined;
    }
  }

  /** The same for what `promise` is fulfilled with. */
  async wait<T>(promise: Promise<T>): Promise<T | undefined> {
    let outcome: () => T;
    try {
      const value = await promise;
      outcome = () => value;
    } catch (error) {
      outcome = () => {
        throw error;
      };
    }
    return this.try(outcome);
  }

  /** Whether `check` throws nothing. */
  holds(check: () => void): boolean {
    const before = this.#errors.length;
    this.try(check);
    return this.#errors.length === before;
  }

  /**
   * Ends the check.
   *
   * @throws {@link FiberError} the only error as it is; several as one of `ERR_FIBER_INVALID_ARG_VALUE`, or of the code
   * that all have, with an `AggregateError` as its cause
   */
  raise(): void {
    const [first, ...others] = this.#errors;
    if (first === undefined) return;
    if (others.length === 0) throw first;
    const isOne = others.every(({ code }) => code === first.code);
    const code: FiberErrorCode = isOne ? first.code : 'ERR_FIBER_INVALID_ARG_VALUE';
    const lines = this.#errors.map(({ message }) => `  - ${message}`);
    const message = `${String(lines.length)} things are wrong:\n${lines.join('\n')}`;
    throw new FiberError(code, message, { cause: new AggregateError(this.#errors) });
  }
}

/** ` (did you mean …?)`, where something similar is known. */
export function nearest(name: string, known: readonly string[]): string {
  const [best] = known
    .map((each) => ({ each, distance: distance(name.toLowerCase(), each.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const isNear = best !== undefined && best.distance <= Math.max(2, name.length / 4);
  return isNear ? ` (did you mean ${best.each}?)` : '';
}

/** Levenshtein's. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
