import type { IncomingMessage } from 'node:http';

import { FiberError } from '../errors';
import { Reader } from '../io/reader';
import { checkInteger, checkObject } from '../options';
import { HttpError } from './http-error';

export interface BodyOptions {
  /** Bytes that the body may have. Default 1 MiB. */
  limit?: number;
}

const DEFAULT_LIMIT = 1 << 20;

/** Those of bodies that are read only in part, because a read was cancelled. */
const readers = new WeakMap<IncomingMessage, Reader>();

/**
 * Sleeps until the body of a request is there, and answers its bytes.
 *
 * @throws {@link HttpError} `ERR_HTTP_BODY_TOO_LARGE` (413); {@link FiberError} `ERR_STREAM_BUSY` when the body was
 * read before, `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`, `ERR_FIBER_NOT_IN_FIBER`; the request's
 * error when it is cut off; the reason of a cancelled scope
 */
export function buffer(request: IncomingMessage, options: BodyOptions = {}): Buffer {
  checkObject('options', options);
  const { limit = DEFAULT_LIMIT } = options;
  checkInteger('options.limit', limit, 0, Number.MAX_SAFE_INTEGER);
  const reader = readerOf(request);
  if (Number(request.headers['content-length']) > limit) throw tooLarge(limit);
  try {
    const body = reader.readAll(limit);
    reader.release();
    readers.delete(request);
    return body;
  } catch (error) {
    if (error instanceof FiberError && error.code === 'ERR_FRAME_TOO_LONG') throw tooLarge(limit);
    throw error;
  }
}

/**
 * As {@link buffer}, the body as UTF-8 text.
 *
 * @throws as {@link buffer}
 */
export function text(request: IncomingMessage, options?: BodyOptions): string {
  return buffer(request, options).toString('utf8');
}

/**
 * As {@link buffer}, the value that the body is the JSON of.
 *
 * @throws as {@link buffer}; {@link HttpError} `ERR_HTTP_BODY_INVALID` (400)
 */
export function json(request: IncomingMessage, options?: BodyOptions): unknown {
  const body = text(request, options);
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new HttpError('ERR_HTTP_BODY_INVALID', 400, 'The body is not JSON', { cause });
  }
}

function readerOf(request: IncomingMessage): Reader {
  let reader = readers.get(request);
  if (reader !== undefined) return reader;
  if (request.readableDidRead) {
    throw new FiberError('ERR_STREAM_BUSY', 'The body was read before: keep what was answered');
  }
  reader = new Reader(request);
  readers.set(request, reader);
  return reader;
}

function tooLarge(limit: number): HttpError {
  return new HttpError(
    'ERR_HTTP_BODY_TOO_LARGE',
    413,
    `The body is longer than ${String(limit)} bytes`,
  );
}
