import { types } from 'node:util';

import { FiberError } from '../base/errors';
import { wrongType, wrongValue } from '../base/validators';
import type { CallBatch } from './call-batch';

/** What an external function can be given. */
export type ExternalArgument = ArrayBufferLike | ArrayBufferView | number | bigint;

type Kind = 'b' | 'i' | 'd';

/** Where in a greenfiber_call the arguments lie, in words of 8 bytes. */
const FIRST_INTEGER = 2;
const FIRST_DOUBLE = 5;

const INTEGER_RANGE = 'a safe integer, or a bigint of 64 bits';

/** An external function's number, and what it takes and returns: see include/greenfiber.h. */
export class Signature {
  readonly arity: number;
  readonly result: 'i' | 'd' | undefined;
  /** For reports of who waits for what. */
  readonly what: string;
  readonly #kinds: readonly Kind[];
  readonly #places: readonly number[];

  constructor(
    readonly name: string,
    readonly number: number,
    signature: string,
  ) {
    const [kinds = '', result] = signature.split(':');
    this.what = `the external function ${name}`;
    this.result = result as 'i' | 'd' | undefined;
    this.#kinds = kinds.split('') as Kind[];
    this.arity = this.#kinds.length;
    let integers = FIRST_INTEGER;
    let doubles = FIRST_DOUBLE;
    this.#places = this.#kinds.map((kind) =>
      kind === 'i' ? integers++ : kind === 'd' ? doubles++ : 0,
    );
  }

  /**
   * Writes an argument into the call at `base`; returns it if it is the buffer.
   *
   * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`
   */
  write(batch: CallBatch, base: number, k: number, value: unknown): unknown {
    const kind = this.#kinds[k];
    const place = base + (this.#places[k] ?? 0);
    if (kind === 'i') {
      if (typeof value === 'number' && value === (value | 0)) {
        batch.writeInteger(place, value);
        return undefined;
      }
      if (typeof value !== 'number' && typeof value !== 'bigint') {
        throw wrongType(this.#label(k), INTEGER_RANGE, value);
      }
      if (!isInteger64(value)) throw wrongValue(this.#label(k), INTEGER_RANGE, value);
      batch.writeBigInteger(place, BigInt(value));
      return undefined;
    }
    if (kind === 'd') {
      if (typeof value !== 'number') throw wrongType(this.#label(k), 'a number', value);
      batch.writeDouble(place, value);
      return undefined;
    }
    if (!ArrayBuffer.isView(value) && !types.isAnyArrayBuffer(value)) {
      throw wrongType(this.#label(k), 'an ArrayBuffer, a SharedArrayBuffer or a view', value);
    }
    return value;
  }

  wrongCount(count: number): FiberError {
    return new FiberError(
      'ERR_FIBER_INVALID_ARG_TYPE',
      `${this.name} takes ${String(this.arity)} arguments (${this.#kinds.map(word).join(', ')}), not ${String(count)}`,
    );
  }

  #label(k: number): string {
    return `argument ${String(k + 1)} of ${this.name}`;
  }
}

const word = (kind: Kind): string => ({ b: 'a buffer', i: 'an integer', d: 'a number' })[kind];

function isInteger64(value: number | bigint): boolean {
  return typeof value === 'number'
    ? Number.isSafeInteger(value)
    : BigInt.asIntN(64, value) === value;
}
