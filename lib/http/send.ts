import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';

import { checkInteger, checkObject } from '../base/validators';
import { isUnderWay } from './client';
import { contentOf, type Content } from './content';
import { answerError } from './failure';
import { sendStream } from './sending';

export interface SendOptions {
  /** Default 200. */
  status?: number;
  headers?: OutgoingHttpHeaders;
}

/**
 * Answers a request, with the content's type and, where it is known, its length: text; bytes as an `ArrayBuffer` or any
 * view; a `Blob`; `URLSearchParams`; `FormData`; a stream of Node's or of the web, or another async iterable; any other
 * value as JSON. A content type that was set before stays. The statuses 204, 205 and 304, and an answer to HEAD, have no
 * body, whatever is given.
 *
 * It does not block. A stream goes out by and by, and is destroyed when the client leaves; a handler of
 * {@link createServer} or {@link fiberHandler} is under way until it has, is cancelled with it, and fails if it fails.
 * To answer piece by piece, write with a `Writer` of greenfiber/io over the response.
 *
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`, `ERR_STREAM_BUSY`; Node's
 * error when the headers were sent before. A stream is destroyed then.
 */
export function send(response: ServerResponse, body: unknown, options: SendOptions = {}): void {
  checkObject('options', options);
  const { status = 200, headers } = options;
  checkInteger('options.status', status, 200, 999);
  const content = contentOf(body);
  const isEmpty = isBodiless(status);
  try {
    const head = isEmpty
      ? headOfNothing(response, status, headers)
      : headOf(response, content, headers);
    if (isEmpty || response.req.method === 'HEAD') {
      content.stream?.destroy();
      response.writeHead(status, head).end();
    } else if (content.stream === undefined) {
      response.writeHead(status, head).end(content.body);
    } else {
      sendBody(response, status, head, content.stream);
    }
  } catch (error) {
    content.stream?.destroy();
    throw error;
  }
}

function isBodiless(status: number): boolean {
  return status === 204 || status === 205 || status === 304;
}

function headOf(
  response: ServerResponse,
  { type, length }: Partial<Content>,
  given: OutgoingHttpHeaders | undefined,
): OutgoingHttpHeaders {
  const head: OutgoingHttpHeaders = {};
  if (type !== undefined && !response.hasHeader('content-type')) head['content-type'] = type;
  if (length !== undefined) head['content-length'] = length;
  // Node would send both of two names that differ in case.
  for (const name in given) head[name.toLowerCase()] = given[name];
  return head;
}

/** What a 304 says of a body is about that of a 200, which the caller knows. */
function headOfNothing(
  response: ServerResponse,
  status: number,
  given: OutgoingHttpHeaders | undefined,
): OutgoingHttpHeaders {
  const head = headOf(response, {}, given);
  if (status === 304) return head;
  for (const name of ['content-type', 'content-length']) {
    Reflect.deleteProperty(head, name);
    response.removeHeader(name);
  }
  if (status === 205) head['content-length'] = 0;
  return head;
}

/** The head goes out with the first chunk, so that an error can be answered where the stream fails before. */
function sendBody(
  response: ServerResponse,
  status: number,
  head: OutgoingHttpHeaders,
  stream: Readable,
): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries(head)) response.setHeader(name, value ?? '');
  sendStream(response, stream, (error) => {
    if (!response.headersSent) {
      response.statusCode = 200;
      for (const name of Object.keys(head)) response.removeHeader(name);
    }
    if (!isUnderWay(response)) answerError(error, response.req, response);
  });
}
