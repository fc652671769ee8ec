import type { Readable } from 'node:stream';

import { Source } from './source';
import { showAs } from '../base/look';

/**
 * Reads any Readable in blocking style, value by value: one in object mode, or one of strings. The rules are
 * those of {@link Reader}.
 */
export class ObjectReader<T = unknown> implements Iterable<T> {
  readonly #source: Source<T>;

  /**
   * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`; `ERR_STREAM_BUSY` when something reads the stream already
   */
  constructor(stream: Readable) {
    this.#source = new Source<T>(stream);
  }

  /** The stream that is read. */
  get stream(): Readable {
    return this.#source.stream;
  }

  /**
   * The next value; sleeps until there is one. `null` at the end.
   *
   * @throws the stream's error; {@link FiberError} `ERR_STREAM_PREMATURE_CLOSE`, `ERR_STREAM_BUSY`,
   * `ERR_FIBER_NOT_IN_FIBER`; the reason of a cancelled scope
   */
  read(): T | null {
    this.#source.begin('ObjectReader.read');
    return this.#source.next('ObjectReader.read');
  }

  /**
   * Gives the stream up for a pipe or another reader. The reader must not be used any more.
   *
   * @throws {@link FiberError} `ERR_STREAM_BUSY` while a task reads
   */
  release(): void {
    this.#source.release();
  }

  /** What {@link read} returns, up to the end. Leaving the loop early leaves the rest unread. */
  *[Symbol.iterator](): Generator<T, void, undefined> {
    for (let value = this.read(); value !== null; value = this.read()) yield value;
  }
}

showAs(ObjectReader, ({ stream }) => ({ ended: stream.readableEnded }));
