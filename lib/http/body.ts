import type { IncomingMessage } from 'node:http';
import { TextDecoder } from 'node:util';

import { FiberError } from '../base/errors';
import { checkInteger, checkObject } from '../base/validators';
import { BodyReader, invalid } from './body-reader';
import { HttpError } from './http-error';

export interface BodyOptions {
  /** Bytes that the body may have. Default 1 MiB. */
  limit?: number;
}

const DEFAULT_LIMIT = 1 << 20;

/** Those of bodies that are read only in part, because a read was cancelled. */
const readers = new WeakMap<IncomingMessage, BodyReader>();

/**
 * Sleeps until the body of a request is there, and returns its bytes; one that was sent with the content encoding gzip,
 * deflate, br or zstd, where Node has that, is decoded, and the limit is that of what comes of it.
 *
 * @throws {@link HttpError} `ERR_HTTP_BODY_TOO_LARGE` (413), `ERR_HTTP_BODY_INVALID` (400 for a body that is not
 * encoded as it says, 415 for an encoding that is not known); {@link FiberError} `ERR_STREAM_BUSY` when the body was
 * read before, `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`, `ERR_FIBER_NOT_IN_FIBER`; the request's
 * error when it is cut off; the reason of a cancelled scope
 */
export function buffer(request: IncomingMessage, options: BodyOptions = {}): Buffer {
  checkObject('options', options);
  const { limit = DEFAULT_LIMIT } = options;
  checkInteger('options.limit', limit, 0, Number.MAX_SAFE_INTEGER);
  const reader = readerOf(request);
  if (!reader.isEncoded && Number(request.headers['content-length']) > limit) throw tooLarge(limit);
  try {
    const body = reader.readAll(limit);
    readers.delete(request);
    return body;
  } catch (error) {
    if (error instanceof FiberError && error.code === 'ERR_FRAME_TOO_LONG') throw tooLarge(limit);
    throw error;
  }
}

/**
 * As {@link buffer}, the body as text: UTF-8, unless its content type names another charset; without its byte order
 * mark.
 *
 * @throws as {@link buffer}; {@link HttpError} `ERR_HTTP_BODY_INVALID` (415) for a charset that is not known
 */
export function text(request: IncomingMessage, options?: BodyOptions): string {
  return decoderOf(request).decode(buffer(request, options));
}

/**
 * As {@link text}, the value that the body is the JSON of.
 *
 * @throws as {@link text}; {@link HttpError} `ERR_HTTP_BODY_INVALID` (400)
 */
export function json(request: IncomingMessage, options?: BodyOptions): unknown {
  const body = text(request, options);
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw invalid(400, 'The body is not JSON', cause);
  }
}

function readerOf(request: IncomingMessage): BodyReader {
  let reader = readers.get(request);
  if (reader !== undefined) return reader;
  if (request.readableDidRead) {
    throw new FiberError('ERR_STREAM_BUSY', 'The body was read before: keep what was answered');
  }
  reader = new BodyReader(request);
  readers.set(request, reader);
  return reader;
}

function decoderOf(request: IncomingMessage): TextDecoder {
  const type = request.headers['content-type'];
  const charset = type === undefined ? undefined : CHARSET.exec(type)?.[1];
  if (charset === undefined) return utf8;
  try {
    return new TextDecoder(charset);
  } catch (cause) {
    throw invalid(415, `The charset ${charset} is not known`, cause);
  }
}

const CHARSET = /;\s*charset\s*=\s*"?([^\s";]+)/i;
const utf8 = new TextDecoder();

function tooLarge(limit: number): HttpError {
  return new HttpError(413, `The body is longer than ${String(limit)} bytes`, {
    code: 'ERR_HTTP_BODY_TOO_LARGE',
  });
}
