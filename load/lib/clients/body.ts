import { Readable } from 'node:stream';
import { types } from 'node:util';
import { FiberError, wait } from 'greenfiber';
import { messageOf, wrongType } from 'greenfiber/lowlevel';

/** A body as it goes out, and what it is when no header says. */
export interface Content {
  readonly body: string | Uint8Array | undefined;
  readonly type: string | undefined;
}

const NOTHING: Content = { body: undefined, type: undefined };

/**
 * Makes a body of what it was given as: text and bytes as they are, forms as browsers send them, streams read to their
 * end, anything else as JSON. `undefined` and `null` are no body.
 *
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE` for what has no JSON; what a stream fails with
 */
export function contentOf(body: unknown): Content {
  if (body === undefined || body === null) return NOTHING;
  if (typeof body === 'string') return { body, type: undefined };
  if (body instanceof Uint8Array) return { body, type: undefined };
  if (ArrayBuffer.isView(body)) {
    return bytes(new Uint8Array(body.buffer, body.byteOffset, body.byteLength));
  }
  if (types.isAnyArrayBuffer(body)) return bytes(new Uint8Array(body));
  if (body instanceof URLSearchParams) {
    const type = 'application/x-www-form-urlencoded;charset=UTF-8';
    return { body: body.toString(), type };
  }
  if (body instanceof Blob || body instanceof FormData) return read(body);
  if (body instanceof ReadableStream) return read(body);
  if (body instanceof Readable) return read(Readable.toWeb(body));
  return { body: json(body), type: 'application/json' };
}

const bytes = (body: Uint8Array): Content => ({ body, type: undefined });

/** Through `Response`, which knows the boundary of a form and the type of a blob. */
function read(body: Blob | FormData | ReadableStream): Content {
  const response = new Response(body);
  const type = response.headers.get('content-type') ?? undefined;
  return { body: new Uint8Array(wait(response.arrayBuffer())), type };
}

function json(body: unknown): string {
  let text: unknown;
  try {
    text = JSON.stringify(body); // of a function, say, there is none
  } catch (cause) {
    throw new FiberError(
      'ERR_FIBER_INVALID_ARG_TYPE',
      `body must be text, bytes, a form, a stream or what JSON can say: ${messageOf(cause)}`,
      { cause },
    );
  }
  if (typeof text === 'string') return text;
  throw wrongType('body', 'text, bytes, a form, a stream or what JSON can say', body);
}
