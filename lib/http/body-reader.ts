import type { IncomingMessage } from 'node:http';
import { pipeline, type Transform } from 'node:stream';
import zlib from 'node:zlib';

import { Reader } from '../io/reader';
import { HttpError } from './http-error';

/** What decodes a content encoding; told the first byte of what is encoded. */
type MakeDecoder = (first: number) => Transform;

const DECODERS = new Map<string, MakeDecoder>([
  ['gzip', () => zlib.createGunzip()],
  ['x-gzip', () => zlib.createGunzip()],
  // Meant is a zlib stream; some send a bare one. The low half of a zlib stream's first byte is 8.
  ['deflate', (first) => ((first & 15) === 8 ? zlib.createInflate() : zlib.createInflateRaw())],
  ['br', () => zlib.createBrotliDecompress()],
]);
const { createZstdDecompress } = zlib as { createZstdDecompress?: () => Transform };
if (createZstdDecompress !== undefined) DECODERS.set('zstd', createZstdDecompress);

/** More than one is seldom of use; a hundred are an attack. */
const MOST_ENCODINGS = 4;

/** Reads the body of a request, and decodes it on the way. A read that was cancelled can be taken up again. */
export class BodyReader {
  readonly #request: IncomingMessage;
  #reader: Reader;
  /** Encodings that are left to be undone, the last one first. */
  readonly #encodings: string[];
  /** What is invalid is the body, not the connection. */
  #failure: unknown = undefined;

  /** @throws {@link HttpError} `ERR_HTTP_BODY_INVALID` (415) */
  constructor(request: IncomingMessage) {
    this.#request = request;
    this.#encodings = encodingsOf(request);
    this.#reader = new Reader(request);
  }

  /** Whether the body's length is another than that of the message. */
  get isEncoded(): boolean {
    return this.#reader.stream !== this.#request || this.#encodings.length > 0;
  }

  /** @throws as `Reader.readAll`; {@link HttpError} `ERR_HTTP_BODY_INVALID` (400) */
  readAll(limit: number): Buffer {
    try {
      while (this.#encodings.length > 0) this.#decode();
      const body = this.#reader.readAll(limit);
      this.#reader.release();
      return body;
    } catch (error) {
      if (error !== this.#failure) throw error;
      throw invalid(400, 'The body is not encoded as it says', error);
    }
  }

  #decode(): void {
    const reader = this.#reader;
    const first = reader.peek(1)?.[0];
    const encoding = this.#encodings.shift();
    const decoder = first === undefined ? undefined : DECODERS.get(encoding ?? '')?.(first);
    if (decoder === undefined) return;
    reader.release();
    decoder.on('error', (error) => {
      if (error !== this.#request.errored) this.#failure ??= error;
    });
    pipeline(reader.stream, decoder, () => undefined);
    this.#reader = new Reader(decoder);
  }
}

function encodingsOf(request: IncomingMessage): string[] {
  const encodings = (request.headers['content-encoding'] ?? '')
    .toLowerCase()
    .split(',')
    .map((encoding) => encoding.trim())
    .filter((encoding) => encoding !== '' && encoding !== 'identity');
  const unknown = encodings.find((encoding) => !DECODERS.has(encoding));
  if (unknown !== undefined) throw invalid(415, `The content encoding ${unknown} is not known`);
  if (encodings.length > MOST_ENCODINGS) throw invalid(415, 'The body is encoded too often');
  return encodings.reverse();
}

/** For a body that is not what it says. */
export function invalid(statusCode: number, message: string, cause?: unknown): HttpError {
  return new HttpError(statusCode, message, { code: 'ERR_HTTP_BODY_INVALID', cause });
}
