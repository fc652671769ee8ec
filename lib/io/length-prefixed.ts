import { checkInteger, checkObject, wrongType, wrongValue } from '../base/validators';
import type { Framing } from './framing';
import { tooLong, type Reader } from './reader';
import type { Writer } from './writer';

export interface LengthPrefixedOptions {
  /** Bytes of the length in front of each frame. Default 4. */
  lengthBytes?: 1 | 2 | 4;
  /** Order of these bytes. Default `big`, that of the network. */
  endian?: 'big' | 'little';
  /** Bytes that a frame may have, without its length. Default 1 MiB, or what the length can express. */
  maxLength?: number;
}

const LONGEST_FRAME = 1 << 20;

/** Frames of bytes, each behind its length, which does not count itself. */
export class LengthPrefixed implements Framing<Uint8Array> {
  readonly #lengthBytes: number;
  readonly #isBig: boolean;
  readonly #maxLength: number;

  /**
   * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`
   */
  constructor(options: LengthPrefixedOptions = {}) {
    checkObject('options', options);
    const { lengthBytes = 4, endian = 'big' } = options;
    if (![1, 2, 4].includes(lengthBytes)) {
      throw wrongValue('options.lengthBytes', '1, 2 or 4', lengthBytes);
    }
    if (!['big', 'little'].includes(endian)) {
      throw wrongValue('options.endian', "'big' or 'little'", endian);
    }
    const largest = 2 ** (8 * lengthBytes) - 1;
    const { maxLength = Math.min(LONGEST_FRAME, largest) } = options;
    checkInteger('options.maxLength', maxLength, 0, largest);
    this.#lengthBytes = lengthBytes;
    this.#isBig = endian === 'big';
    this.#maxLength = maxLength;
  }

  /**
   * The next frame, without its length; `null` when the stream ends before it.
   *
   * @throws as {@link Reader.readExactly}; {@link FiberError} `ERR_FRAME_TOO_LONG`, and the frame stays unread
   */
  read(reader: Reader): Buffer | null {
    const header = reader.peek(this.#lengthBytes);
    if (header === null) return null;
    const length = this.#isBig
      ? header.readUIntBE(0, this.#lengthBytes)
      : header.readUIntLE(0, this.#lengthBytes);
    if (length > this.#maxLength) throw tooLong('frame', this.#maxLength);
    return reader.readExactly(this.#lengthBytes + length)?.subarray(this.#lengthBytes) ?? null;
  }

  /**
   * Writes a frame.
   *
   * @throws as {@link Writer.write}; {@link FiberError} `ERR_FRAME_TOO_LONG`
   */
  write(writer: Writer, frame: Uint8Array): void {
    if (!((frame as unknown) instanceof Uint8Array)) {
      throw wrongType('frame', 'a Buffer or a Uint8Array', frame);
    }
    if (frame.length > this.#maxLength) throw tooLong('frame', this.#maxLength);
    const header = Buffer.allocUnsafe(this.#lengthBytes);
    if (this.#isBig) header.writeUIntBE(frame.length, 0, this.#lengthBytes);
    else header.writeUIntLE(frame.length, 0, this.#lengthBytes);
    writer.writeAll([header, frame]);
  }
}
