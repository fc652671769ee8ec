import type { IncomingMessage, ServerResponse } from 'node:http';

import { isClientGone } from './client';
import { HttpError } from './http-error';

/** What a {@link createServer} does with errors that are not the client's; by default they go to stderr. */
export type OnHandlerError = (error: unknown, request: IncomingMessage) => void;

/**
 * Throws when a handler has returned and nobody is going to answer any more.
 *
 * @throws {@link HttpError} `ERR_HTTP_NOT_ANSWERED`
 */
export function checkAnswered(request: IncomingMessage, response: ServerResponse): void {
  if (response.writableEnded || response.destroyed || request.socket.destroyed) return;
  if (response.listenerCount('unpipe') > 0) return; // something is piped to it
  throw new HttpError(
    'ERR_HTTP_NOT_ANSWERED',
    500,
    'The handler returned without an answer: end the response before, also after a part of it was written',
  );
}

/** For a handler that took longer than `handlerTimeout`. */
export function tookTooLong(cause: unknown): HttpError {
  return new HttpError('ERR_HTTP_NOT_ANSWERED', 503, 'The handler took too long to answer', {
    cause,
  });
}

/** Answers with what an error means; cuts off an answer that has begun. */
export function answerError(
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (response.writableEnded) return;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const status = statusOf(error);
  const message =
    error instanceof HttpError && error.expose
      ? error.message
      : `The request failed (${String(status)})`;
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  // What is left of the request's body is not worth reading.
  if (!request.complete) response.shouldKeepAlive = false;
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(message),
  });
  response.end(message);
}

/** The status that an error carries, as those of the package http-errors do. */
export function statusOf(error: unknown): number {
  const { statusCode } = (error ?? {}) as { statusCode?: unknown };
  const isStatus = typeof statusCode === 'number' && statusCode >= 400 && statusCode <= 599;
  return isStatus ? Math.floor(statusCode) : 500;
}

/** Whether an error only says that the client has gone, one way or another. */
export function isClientsLeaving(
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
): boolean {
  if (isClientGone(error)) return true;
  return error !== undefined && (error === request.errored || error === response.errored);
}

/** The default of `onError`. */
export function printError(error: unknown, request: IncomingMessage): void {
  console.error(`${request.method ?? ''} ${request.url ?? ''} failed:`, error);
}
