import http, { type IncomingMessage, type ServerOptions, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

import { AbortError, TimeoutError } from '../errors';
import { checkDuration, checkFunction, checkObject } from '../options';
import { timeout } from '../scheduler/limits';
import { settled } from '../scheduler/settled';
import { currentScheduler } from '../scheduler/spawn';
import { clientOf, type Client, type Request } from './client';
import {
  answerError,
  checkAnswered,
  isClientsLeaving,
  printError,
  statusOf,
  tookTooLong,
  type OnHandlerError,
} from './failure';

/** Answers one request, in a task of its own. It has to end the response before it returns. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

export interface FiberServerOptions extends ServerOptions {
  /** Milliseconds that a handler may take; then its blocking calls raise, and the answer is 503. Default: any. */
  handlerTimeout?: number;
  /** Told of errors that the client is not to blame for. Default: they are printed to stderr. */
  onError?: OnHandlerError;
}

/** A server of `node:http` whose requests are tasks; made by {@link createServer}. */
export class FiberServer extends http.Server {
  readonly #handler: Handler;
  readonly #handlerTimeout: number;
  readonly #onError: OnHandlerError;
  readonly #clients = new Map<Socket, Client>();
  #isClosing = false;

  /** @internal */
  constructor(handler: Handler, options: FiberServerOptions) {
    const { handlerTimeout = Infinity, onError = printError, ...rest } = options;
    checkFunction('handler', handler);
    checkDuration('options.handlerTimeout', handlerTimeout);
    checkFunction('options.onError', onError);
    super(rest);
    this.#handler = handler;
    this.#handlerTimeout = handlerTimeout;
    this.#onError = onError;
    this.on('connection', this.#meet);
    this.on('request', this.#start);
  }

  /** Requests that have come and whose handlers have not returned. */
  get active(): number {
    let active = 0;
    for (const client of this.#clients.values()) active += client.size;
    return active;
  }

  /**
   * Stops listening, lets the requests under way be answered, and resolves when all connections are closed. Those
   * that wait for a further request are closed at once.
   *
   * @param grace - milliseconds after which the handlers that are left are cancelled with an {@link AbortError} and
   * all connections closed; by default as long as it takes
   * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`
   */
  shutdown(grace = Infinity): Promise<void> {
    checkDuration('grace', grace);
    this.#isClosing = true;
    return new Promise((resolve) => {
      const timer = currentScheduler().clock.setTimer(
        grace,
        () => {
          this.#cancelAll();
        },
        false,
      );
      this.close(() => {
        timer.cancel();
        resolve();
      });
      for (const { response } of this.#requests()) this.#closeAfter(response);
      // Node takes a connection that never sent anything for a busy one.
      for (const socket of this.#clients.keys()) if (socket.bytesRead === 0) socket.destroy();
    });
  }

  readonly #meet = (socket: Socket): void => {
    this.#clients.set(socket, clientOf(socket));
    socket.on('close', () => this.#clients.delete(socket));
  };

  readonly #start = (request: IncomingMessage, response: ServerResponse): void => {
    if (this.#isClosing) this.#closeAfter(response);
    clientOf(request.socket).start(() => {
      try {
        this.#answer(request, response);
      } catch (error) {
        this.#fail(error, request, response);
      }
    }, response);
  };

  #answer(request: IncomingMessage, response: ServerResponse): void {
    if (this.#handlerTimeout === Infinity) {
      settled('createServer', this.#handler(request, response));
    } else {
      this.#answerInTime(request, response);
    }
    checkAnswered(request, response);
  }

  #answerInTime(request: IncomingMessage, response: ServerResponse): void {
    timeout(this.#handlerTimeout, (limit) => {
      try {
        settled('createServer', this.#handler(request, response));
      } catch (error) {
        const isOurs = error instanceof TimeoutError && limit.signal.reason === error;
        throw isOurs ? tookTooLong(error) : error;
      }
    });
  }

  #fail(error: unknown, request: IncomingMessage, response: ServerResponse): void {
    if (isClientsLeaving(error, request, response)) {
      response.destroy();
      return;
    }
    answerError(error, request, response);
    if (statusOf(error) >= 500) this.#onError(error, request);
  }

  #requests(): Request[] {
    return Array.from(this.#clients.values(), (client) => client.requests()).flat();
  }

  #closeAfter(response: ServerResponse): void {
    if (!response.headersSent) response.shouldKeepAlive = false;
    response.on('close', () => {
      this.closeIdleConnections();
    });
  }

  #cancelAll(): void {
    for (const { task } of this.#requests()) {
      task.cancel(new AbortError('The server is shutting down'));
    }
    this.closeAllConnections();
  }
}

/**
 * A server of `node:http` that runs `handler` in a task of its own for every request: it may block wherever it
 * likes. The task keeps the request's asynchronous context, and is cancelled with `ERR_HTTP_CLIENT_GONE` when the
 * client goes away before the answer is complete. An error is answered with the `statusCode` that it carries,
 * else with 500; a handler that returns without an answer is such an error.
 *
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`
 */
export function createServer(handler: Handler, options: FiberServerOptions = {}): FiberServer {
  checkObject('options', options);
  return new FiberServer(handler, options);
}
