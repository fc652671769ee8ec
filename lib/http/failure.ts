import type { IncomingMessage, ServerResponse } from 'node:http';

import { isClientGone, isComplete } from './client';
import { HttpError } from './http-error';
import { isSending, stopSending } from './sending';
import { answerOverUnread } from './unread';

/**
 * What a {@link createServer} does with errors that are not the client's; by default they go to stderr. An async
 * function is waited for.
 */
export type OnHandlerError = (error: unknown, request: IncomingMessage) => unknown;

/** Whether a response is complete, or will be without the handler. */
export function isAnswered(response: ServerResponse): boolean {
  if (response.writableEnded || response.destroyed || isSending(response)) return true;
  return response.listenerCount('unpipe') > 0; // something is piped to it
}

/**
 * Throws when a handler has returned and nobody is going to answer any more.
 *
 * @throws {@link HttpError} `ERR_HTTP_NOT_ANSWERED`
 */
export function checkAnswered(request: IncomingMessage, response: ServerResponse): void {
  if (isAnswered(response) || request.socket.destroyed) return;
  throw new HttpError(
    500,
    'The handler returned without an answer: end the response before, also after a part of it was written',
    { code: 'ERR_HTTP_NOT_ANSWERED' },
  );
}

/** Answers with what an error means; cuts off an answer that has begun. */
export function answerError(
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  stopSending(response);
  if (response.writableEnded) return;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const status = statusOf(error);
  const isOurs = error instanceof HttpError;
  const message = isOurs && error.expose ? error.message : `The request failed (${String(status)})`;
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  // What is left of the request's body is not worth keeping the connection for.
  if (!request.complete) response.shouldKeepAlive = false;
  response.writeHead(status, {
    ...(isOurs && error.headers),
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(message),
  });
  if (request.complete || request.httpVersionMajor > 1) response.end(message);
  else answerOverUnread(request, response, message);
}

/** The status that an error carries, as those of the package http-errors do. */
export function statusOf(error: unknown): number {
  const { statusCode } = (error ?? {}) as { statusCode?: unknown };
  const isStatus = typeof statusCode === 'number' && statusCode >= 400 && statusCode <= 599;
  return isStatus ? Math.floor(statusCode) : 500;
}

/** What writing to, or reading from, a connection that has gone may end with. */
const CONNECTION_LOST = [
  'ECONNRESET',
  'EPIPE',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_STREAM_UNABLE_TO_PIPE',
];

/** Whether an error only says that the client has gone, one way or another. */
export function isClientsLeaving(
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
): boolean {
  if (isClientGone(error) || isClientGone((error as Error | undefined)?.cause)) return true;
  if (error !== undefined && (error === request.errored || error === response.errored)) return true;
  if (!request.socket.destroyed || isComplete(response)) return false;
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' && CONNECTION_LOST.includes(code);
}

/** The default of `onError`. */
export function printError(error: unknown, request: IncomingMessage): void {
  console.error(`${request.method ?? ''} ${request.url ?? ''} failed:`, error);
}
