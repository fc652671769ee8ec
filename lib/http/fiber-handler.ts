import { ServerResponse } from 'node:http';
import { Socket } from 'node:net';

import { FiberError } from '../base/errors';
import { checkDuration, checkFunction, checkObject } from '../base/validators';
import { checkCpuLimit } from '../scheduler/cpu-limit';
import type { Task } from '../scheduler/task';
import { wait } from '../scheduler/wait';
import { clientOf, isClientGone } from './client';
import { answerError, printError } from './failure';
import { withinLimits, type HandlerLimits } from './handler-limits';
import { HttpError } from './http-error';
import { stopSending, waitUntilSent } from './sending';

type Next = (error?: unknown) => unknown;

/** How a framework called the handler: the response, and how it wants to be told of the end. */
interface Call {
  readonly response: ServerResponse;
  readonly framework: 'express' | 'fastify' | 'koa';
  /** Express's, which takes an error; Koa's, which returns a promise. */
  readonly next: Next | undefined;
}

/** What a framework calls. Where its types do not tell what the parameters are, they may be anything. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type FrameworkHandler = (this: any, ...args: any[]) => unknown;

/** The handler as frameworks call it, who do not look at more than its promise. */
type Asynchronous = (this: unknown, ...args: unknown[]) => Promise<unknown>;

export interface FiberHandlerOptions {
  /**
   * Milliseconds that the handler may take while the request is not answered; then its blocking calls raise, and the
   * framework sees an error with the status 503. Default: any.
   */
  handlerTimeout?: number;
  /**
   * Milliseconds of processor time that the handler may use; then it is ended where it is, with the rules of
   * {@link cpuLimit}, and the framework sees an error with the status 503. Default: any.
   */
  cpuLimit?: number;
}

/**
 * Makes a handler of Express, Fastify or Koa of a function that blocks. Every call runs in a task of its own, which
 * keeps the asynchronous context of the request and is cancelled with `ERR_HTTP_CLIENT_GONE` when the client goes
 * away. What it throws reaches the framework's own error handling.
 *
 * Express: `(request, response, next)` for routes and middleware, with four parameters for error handlers. Fastify:
 * `(request, reply)` for routes and hooks; what it returns is the payload. Koa: `(context, next)`, and `next()` blocks
 * until the middleware below has ended.
 *
 * Its parameters have the types that the framework gives them. Only Express's error handlers want theirs named, as they
 * do without this: `app.use(fiberHandler<ErrorRequestHandler>((error, request, response, next) => …))`.
 *
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, also from the handler when no framework called it;
 * `ERR_FIBER_INVALID_ARG_VALUE`
 */
export function fiberHandler<Handler extends FrameworkHandler>(
  handler: Handler,
  options: FiberHandlerOptions = {},
): Asynchronous & Handler {
  checkFunction('handler', handler);
  checkObject('options', options);
  const { handlerTimeout = Infinity, cpuLimit = Infinity } = options;
  checkDuration('options.handlerTimeout', handlerTimeout);
  checkCpuLimit('options.cpuLimit', cpuLimit);
  const limits = { handlerTimeout, cpuLimit };
  const blocking: Asynchronous = function (this: unknown, ...args) {
    const call = callOf(args);
    if (call.framework === 'koa') args[1] = blockingNext(call.next);
    const { response } = call;
    const run = (): unknown => handler.apply(this, args);
    const task = clientOf(connectionOf(response)).start(
      () => answerOf(response, limits, run),
      response,
    );
    return call.framework === 'express' ? tellNext(task, call) : task.promise();
  };
  // Express tells error handlers by their number of parameters.
  return Object.defineProperty(blocking, 'length', { value: handler.length }) as Asynchronous &
    Handler;
}

/** What a handler returns, when what it sends has gone out. */
function answerOf(response: ServerResponse, limits: HandlerLimits, run: () => unknown): unknown {
  try {
    const answer = withinLimits('fiberHandler', limits, response, run);
    waitUntilSent(response);
    return answer;
  } catch (error) {
    // A framework would not cut off what has begun.
    const isHalf = stopSending(response) && response.headersSent && !response.writableEnded;
    if (isHalf) response.destroy();
    throw error;
  }
}

function callOf(args: readonly unknown[]): Call {
  const [first, second, third] = args as readonly (Record<string, unknown> | undefined)[];
  if (isResponse(first?.['res']) && first['req'] !== undefined) {
    return { framework: 'koa', response: first['res'], next: second as Next | undefined };
  }
  for (const reply of [second, third]) {
    if (isResponse(reply?.['raw'])) {
      return { framework: 'fastify', response: reply['raw'], next: undefined };
    }
  }
  if (isResponse(second)) {
    return { framework: 'express', response: second, next: third as Next | undefined };
  }
  if (isResponse(third)) {
    return { framework: 'express', response: third, next: args[3] as Next | undefined };
  }
  throw new FiberError(
    'ERR_FIBER_INVALID_ARG_TYPE',
    'A fiberHandler must be called by Express, Fastify, Koa or node:http, with a response among its arguments',
  );
}

function isResponse(value: unknown): value is ServerResponse {
  return typeof (value as ServerResponse | undefined)?.writeHead === 'function';
}

function blockingNext(next: Next | undefined): Next {
  return () => wait(next?.());
}

/** HTTP/2, and requests that were injected, have no socket of their own. */
function connectionOf(response: ServerResponse): Socket | ServerResponse {
  const { socket } = response.req;
  return response instanceof ServerResponse && socket instanceof Socket ? socket : response;
}

/** Plain node:http leaves that to its handlers. */
function answerOurselves(error: HttpError, response: ServerResponse): void {
  answerError(error, response.req, response);
  if (error.statusCode >= 500) printError(error, response.req);
}

/** Express 4 does not look at promises, nor does node:http. A client that has gone is nobody's error. */
async function tellNext(task: Task, { next, response }: Call): Promise<void> {
  try {
    await task;
  } catch (error) {
    if (isClientGone(error)) return;
    if (next !== undefined) next(error);
    else if (error instanceof HttpError) answerOurselves(error, response);
    else if (task.status !== 'cancelled') throw error;
  }
}
