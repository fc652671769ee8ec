import { FiberError } from '../base/errors';
import { checkInteger, checkObject, wrongType, wrongValue } from '../base/validators';
import type { Framing } from './framing';
import { LONGEST_LINE, tooLong, type Reader } from './reader';
import type { Writer } from './writer';

export interface LineFramingOptions {
  /** Bytes that a line may have, without its end. Default 1 MiB. */
  maxLength?: number;
  /** What written lines end in. Default `\n`; lines that are read may end in either. */
  newline?: '\n' | '\r\n';
}

/** One frame a line of UTF-8 text. */
export class LineFraming implements Framing<string> {
  readonly #maxLength: number;
  readonly #newline: '\n' | '\r\n';

  /**
   * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`
   */
  constructor(options: LineFramingOptions = {}) {
    checkObject('options', options);
    const { maxLength = LONGEST_LINE, newline = '\n' } = options;
    checkInteger('options.maxLength', maxLength, 1, Number.MAX_SAFE_INTEGER);
    if (!['\n', '\r\n'].includes(newline)) {
      throw wrongValue('options.newline', "'\\n' or '\\r\\n'", newline);
    }
    this.#maxLength = maxLength;
    this.#newline = newline;
  }

  /**
   * The next line, without its end; `null` at the end of the stream.
   *
   * @throws as {@link Reader.readLine}
   */
  read(reader: Reader): string | null {
    return reader.readLine(this.#maxLength);
  }

  /**
   * Writes a line.
   *
   * @throws as {@link Writer.write}; {@link FiberError} `ERR_FIBER_INVALID_ARG_VALUE` for a line with a `\n` in it,
   * `ERR_FRAME_TOO_LONG`
   */
  write(writer: Writer, line: string): void {
    if (typeof line !== 'string') throw wrongType('line', 'a string', line);
    if (line.includes('\n')) {
      throw new FiberError(
        'ERR_FIBER_INVALID_ARG_VALUE',
        'line must not contain a newline: write each line by itself',
      );
    }
    if (Buffer.byteLength(line) > this.#maxLength) throw tooLong('line', this.#maxLength);
    writer.write(line + this.#newline);
  }
}
