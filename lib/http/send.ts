import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';

import { checkInteger, checkObject } from '../options';

export interface SendOptions {
  /** Default 200. */
  status?: number;
  headers?: OutgoingHttpHeaders;
}

/**
 * Answers a request: text, bytes, or any other value as JSON, with the content's type and length. It does not
 * block. To answer piece by piece, write with a `Writer` of greenfiber/io over the response.
 *
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`; Node's error when the
 * headers were sent before
 */
export function send(response: ServerResponse, body: unknown, options: SendOptions = {}): void {
  checkObject('options', options);
  const { status = 200, headers } = options;
  checkInteger('options.status', status, 200, 999);
  const [type, content] = contentOf(body);
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(content),
    ...headers,
  });
  response.end(content);
}

function contentOf(body: unknown): [type: string, content: string | Uint8Array] {
  if (typeof body === 'string') return ['text/plain; charset=utf-8', body];
  if (body instanceof Uint8Array) return ['application/octet-stream', body];
  return ['application/json', JSON.stringify(body ?? null)];
}
