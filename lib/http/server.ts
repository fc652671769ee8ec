import http, { type IncomingMessage, type ServerOptions, type ServerResponse } from 'node:http';

import { checkDuration, checkFunction, checkObject } from '../base/validators';
import { shield } from '../scheduler/limits';
import { checkCpuLimit } from '../scheduler/cpu-limit';
import { settled } from '../lowlevel/kit';
import { clientOf } from './client';
import { watchConnections } from './connections';
import {
  answerError,
  checkAnswered,
  isClientsLeaving,
  printError,
  statusOf,
  type OnHandlerError,
} from './failure';
import { withinLimits } from './handler-limits';
import { waitUntilSent } from './sending';
import { shutdown } from './shutdown';

/** Answers one request, in a task of its own. It has to end the response before it returns. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

export interface FiberServerOptions extends ServerOptions {
  /**
   * Milliseconds that a handler may take to answer; then its blocking calls raise, and the answer is 503. After the
   * answer it may take longer. Default: any.
   */
  handlerTimeout?: number;
  /**
   * Milliseconds of processor time that a handler may use; then it is ended where it is, with the rules of
   * {@link cpuLimit}, and the answer is 503. Default: any.
   */
  cpuLimit?: number;
  /** Told of errors that the client is not to blame for. Default: they are printed to stderr. */
  onError?: OnHandlerError;
}

/** A server of `node:http` whose requests are tasks; made by {@link createServer}. */
export class FiberServer extends http.Server {
  readonly #handler: Handler;
  readonly #handlerTimeout: number;
  readonly #cpuLimit: number;
  readonly #onError: OnHandlerError;
  #active = 0;

  /** @internal */
  constructor(handler: Handler, options: FiberServerOptions) {
    const {
      handlerTimeout = Infinity,
      cpuLimit = Infinity,
      onError = printError,
      ...rest
    } = options;
    checkFunction('handler', handler);
    checkDuration('options.handlerTimeout', handlerTimeout);
    checkCpuLimit('options.cpuLimit', cpuLimit);
    checkFunction('options.onError', onError);
    super(rest);
    this.#handler = handler;
    this.#handlerTimeout = handlerTimeout;
    this.#cpuLimit = cpuLimit;
    this.#onError = onError;
    watchConnections(this);
    this.on('request', this.#start);
  }

  /** Requests that have come and whose handlers have not returned. */
  get active(): number {
    return this.#active;
  }

  /** See {@link shutdown}. */
  shutdown(grace = Infinity): Promise<void> {
    return shutdown(this, grace);
  }

  readonly #start = (request: IncomingMessage, response: ServerResponse): void => {
    this.#active++;
    clientOf(request.socket).start(() => {
      try {
        this.#answer(request, response);
      } catch (error) {
        this.#fail(error, request, response);
      } finally {
        this.#active--;
      }
    }, response);
  };

  #answer(request: IncomingMessage, response: ServerResponse): void {
    if (this.#handlerTimeout === Infinity && this.#cpuLimit === Infinity) {
      settled('createServer', this.#handler(request, response));
    } else {
      const handler = (): unknown => this.#handler(request, response);
      const limits = { handlerTimeout: this.#handlerTimeout, cpuLimit: this.#cpuLimit };
      withinLimits('createServer', limits, response, handler);
    }
    waitUntilSent(response);
    checkAnswered(request, response);
  }

  #fail(error: unknown, request: IncomingMessage, response: ServerResponse): void {
    if (isClientsLeaving(error, request, response)) {
      response.destroy();
      return;
    }
    answerError(error, request, response);
    if (statusOf(error) >= 500) shield(() => this.#onError(error, request));
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
