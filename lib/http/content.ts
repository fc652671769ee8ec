import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { types } from 'node:util';

import { FiberError } from '../base/errors';
import { wrongType } from '../base/validators';
import { observe } from '../scheduler/promise-watch';
import { isPromise } from '../scheduler/settled';

/** What a response consists of, all of it or a stream, and what its headers say about it. */
export interface Content {
  readonly type: string;
  readonly body: string | Uint8Array;
  readonly stream: Readable | undefined;
  /** Bytes; undefined: it is not known before the end of the stream. */
  readonly length: number | undefined;
}

const BYTES = 'application/octet-stream';

/**
 * What to send for a value, by its type.
 *
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE` for what cannot be sent; `ERR_STREAM_BUSY` for a web stream
 * that is read already; what `JSON.stringify` throws
 */
export function contentOf(value: unknown): Content {
  if (typeof value === 'string') return whole('text/plain; charset=utf-8', value);
  if (typeof value === 'object' && value !== null) {
    const content = bytesOf(value) ?? webContentOf(value) ?? streamOf(value);
    if (content !== undefined) return content;
  }
  return whole('application/json', jsonOf(value));
}

function whole(type: string, body: string | Uint8Array): Content {
  return { type, body, stream: undefined, length: Buffer.byteLength(body) };
}

function streamed(type: string, stream: Readable, length?: number): Content {
  return { type, body: '', stream, length };
}

function bytesOf(value: object): Content | undefined {
  if (value instanceof Uint8Array) return whole(BYTES, value);
  if (ArrayBuffer.isView(value)) {
    return whole(BYTES, Buffer.from(value.buffer, value.byteOffset, value.byteLength));
  }
  return types.isAnyArrayBuffer(value) ? whole(BYTES, Buffer.from(value)) : undefined;
}

function webContentOf(value: object): Content | undefined {
  if (value instanceof URLSearchParams) {
    return whole('application/x-www-form-urlencoded; charset=utf-8', value.toString());
  }
  if (value instanceof Blob) {
    const stream = readableOf(value.stream());
    return streamed(value.type || BYTES, stream, value.size);
  }
  if (value instanceof FormData) {
    const { headers, body } = new Response(value);
    if (body !== null) return streamed(headers.get('content-type') ?? BYTES, readableOf(body));
  }
  return undefined;
}

function streamOf(value: object): Content | undefined {
  if (isReadable(value)) return streamed(BYTES, value);
  if (value instanceof ReadableStream) return streamed(BYTES, readableOf(value));
  if (!(Symbol.asyncIterator in value)) return undefined;
  return streamed(BYTES, Readable.from(value as AsyncIterable<unknown>));
}

function isReadable(value: object): value is Readable {
  const { pipe, read, on } = value as Partial<Record<keyof Readable, unknown>>;
  return typeof pipe === 'function' && typeof read === 'function' && typeof on === 'function';
}

function readableOf(stream: ReadableStream): Readable {
  if (stream.locked) {
    throw new FiberError('ERR_STREAM_BUSY', 'The body is a stream that something reads already');
  }
  return Readable.fromWeb(stream);
}

function jsonOf(value: unknown): string {
  if (isPromise(value)) {
    observe(value);
    throw wrongType(
      'body',
      'what a promise is fulfilled with: send(response, wait(promise))',
      value,
    );
  }
  const json = JSON.stringify(value ?? null) as string | undefined;
  if (json === undefined) throw wrongType('body', 'something that can be sent', value);
  return json;
}
