import type { Readable } from 'node:stream';

import { FiberError } from '../base/errors';
import { checkInteger, wrongValue } from '../base/validators';
import { ByteQueue } from './byte-queue';
import { Source } from './source';
import { showAs } from '../base/look';

const NEWLINE = 10;
const CARRIAGE_RETURN = 13;

/** Bytes that a line may have unless told otherwise. */
export const LONGEST_LINE = 1 << 20;

/**
 * Reads a Readable of bytes in blocking style, one task at a time. The end of the stream is `null`. A read that
 * is cancelled, or throws for any other reason, has taken nothing: the next one sees the same bytes. What
 * arrived before the stream failed is read first; then its error is thrown by every call.
 *
 * While nobody reads, the stream fills up to its own `highWaterMark` and then stops its source.
 */
export class Reader implements Iterable<Buffer> {
  readonly #source: Source<Buffer>;
  /** What was taken from the stream for a read that has not happened yet. */
  readonly #queue = new ByteQueue();

  /**
   * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE` for a stream of objects or
   * strings; `ERR_STREAM_BUSY` when something reads it already
   */
  constructor(stream: Readable) {
    this.#source = new Source<Buffer>(stream);
    if (stream.readableObjectMode || stream.readableEncoding !== null) {
      this.#source.release();
      throw wrongValue('stream', 'a stream of bytes, without objectMode and setEncoding', stream);
    }
  }

  /** The stream that is read. */
  get stream(): Readable {
    return this.#source.stream;
  }

  /** Bytes that the reader holds; the stream holds others. */
  get buffered(): number {
    return this.#queue.length;
  }

  /**
   * The next bytes, as many as there are; sleeps until there are some. `null` at the end.
   *
   * @throws the stream's error; {@link FiberError} `ERR_STREAM_PREMATURE_CLOSE` when it was destroyed before its
   * end, `ERR_STREAM_BUSY` while another task reads, `ERR_FIBER_NOT_IN_FIBER`; the reason of a cancelled scope
   */
  read(): Buffer | null {
    this.#source.begin('Reader.read');
    return this.#queue.shift() ?? this.#source.next('Reader.read');
  }

  /**
   * The next `count` bytes; `null` when the stream ends before the first of them.
   *
   * @throws as {@link read}; {@link FiberError} `ERR_STREAM_TRUNCATED` when it ends after some of them, which then
   * are still there; `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`
   */
  readExactly(count: number): Buffer | null {
    const bytes = this.#gather(count, 'Reader.readExactly');
    if (bytes !== null) this.#queue.take(count);
    return bytes;
  }

  /**
   * As {@link readExactly}, but the bytes stay. What is built from it, a header and then what it announces, is
   * as indivisible as any other read.
   *
   * @throws as {@link readExactly}
   */
  peek(count: number): Buffer | null {
    return this.#gather(count, 'Reader.peek');
  }

  /**
   * The next line as UTF-8 text, without its `\n` or `\r\n`; the last one may lack it. `null` at the end.
   *
   * @param maxLength - bytes, by default 1 MiB
   * @throws as {@link read}; {@link FiberError} `ERR_FRAME_TOO_LONG`, and the line stays; `ERR_FIBER_INVALID_ARG_TYPE`,
   * `ERR_FIBER_INVALID_ARG_VALUE`
   */
  readLine(maxLength: number = LONGEST_LINE): string | null {
    checkInteger('maxLength', maxLength, 1, Number.MAX_SAFE_INTEGER);
    const what = 'Reader.readLine';
    this.#source.begin(what);
    const queue = this.#queue;
    let end = queue.indexOf(NEWLINE, 0);
    // A carriage return before the newline that is still to come does not count.
    while (end < 0 && queue.length <= maxLength + 1) {
      const searched = queue.length;
      if (!this.#more(what)) break;
      end = queue.indexOf(NEWLINE, searched);
    }
    if (end < 0 && queue.length === 0) return null;
    const stop = end < 0 ? queue.length : end;
    const hasReturn = end > 0 && queue.peek(end)[end - 1] === CARRIAGE_RETURN;
    const length = hasReturn ? stop - 1 : stop;
    if (length > maxLength) throw tooLong('line', maxLength);
    const line = queue.take(stop).toString('utf8', 0, length);
    if (end >= 0) queue.take(1);
    return line;
  }

  /**
   * The lines that are left, as {@link readLine} returns them.
   *
   * @throws as {@link readLine}
   */
  *lines(maxLength: number = LONGEST_LINE): Generator<string, void, undefined> {
    for (let line = this.readLine(maxLength); line !== null; line = this.readLine(maxLength)) {
      yield line;
    }
  }

  /**
   * Everything up to the end of the stream.
   *
   * @param maxLength - bytes, by default any number
   * @throws as {@link read}; {@link FiberError} `ERR_FRAME_TOO_LONG`, `ERR_FIBER_INVALID_ARG_TYPE`,
   * `ERR_FIBER_INVALID_ARG_VALUE`
   */
  readAll(maxLength: number = Number.MAX_SAFE_INTEGER): Buffer {
    checkInteger('maxLength', maxLength, 0, Number.MAX_SAFE_INTEGER);
    this.#source.begin('Reader.readAll');
    do {
      if (this.#queue.length > maxLength) throw tooLong('stream', maxLength);
    } while (this.#more('Reader.readAll'));
    return this.#queue.take(this.#queue.length);
  }

  /**
   * Gives the stream up, with the bytes that were not read put back, for a pipe or another reader. The reader
   * must not be used any more.
   *
   * @throws {@link FiberError} `ERR_STREAM_BUSY` while a task reads
   */
  release(): void {
    this.#source.release();
    if (this.buffered > 0 && !this.stream.readableEnded)
      this.stream.unshift(this.#queue.take(this.buffered));
  }

  /** What {@link read} returns, up to the end. Leaving the loop early leaves the rest unread. */
  *[Symbol.iterator](): Generator<Buffer, void, undefined> {
    for (let chunk = this.read(); chunk !== null; chunk = this.read()) yield chunk;
  }

  #gather(count: number, what: string): Buffer | null {
    checkInteger('count', count, 0, Number.MAX_SAFE_INTEGER);
    this.#source.begin(what);
    const queue = this.#queue;
    while (queue.length < count) {
      if (this.#more(what)) continue;
      if (queue.length === 0) return null;
      throw new FiberError(
        'ERR_STREAM_TRUNCATED',
        `The stream ended after ${String(queue.length)} of ${String(count)} bytes`,
      );
    }
    return queue.peek(count);
  }

  /** Takes what the stream has to the queue; false at the end. */
  #more(what: string): boolean {
    const chunk = this.#source.next(what);
    if (chunk !== null) this.#queue.push(chunk);
    return chunk !== null;
  }
}

showAs(Reader, ({ buffered, stream }) => ({ buffered, ended: stream.readableEnded }));

/** For a frame that is longer than its protocol allows; it is still unread. */
export function tooLong(what: string, maxLength: number): FiberError {
  return new FiberError(
    'ERR_FRAME_TOO_LONG',
    `The ${what} is longer than ${String(maxLength)} bytes: raise maxLength, or close the connection`,
  );
}
