import { ServerResponse } from 'node:http';
import { Socket } from 'node:net';

import { FiberError } from '../errors';
import { checkFunction } from '../options';
import type { Task } from '../scheduler/task';
import { wait } from '../scheduler/wait';
import { clientOf, isClientGone } from './client';

type Next = (error?: unknown) => unknown;

/** How a framework called the handler: the response, and how it wants to be told of the end. */
interface Call {
  readonly response: ServerResponse;
  readonly framework: 'express' | 'fastify' | 'koa';
  /** Express's, which takes an error; Koa's, which answers a promise. */
  readonly next: Next | undefined;
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
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, also from the handler when no framework called it
 */
export function fiberHandler<This, A extends unknown[]>(
  handler: (this: This, ...args: A) => unknown,
): (this: This, ...args: A) => Promise<unknown> {
  checkFunction('handler', handler);
  const blocking = function (this: This, ...args: A): Promise<unknown> {
    const call = callOf(args);
    if (call.framework === 'koa') args[1] = blockingNext(call.next);
    const client = clientOf(connectionOf(call.response));
    const task = client.start(() => handler.apply(this, args), call.response);
    return call.framework === 'express' ? tellNext(task, call.next) : task.promise();
  };
  // Express tells error handlers by their number of parameters.
  return Object.defineProperty(blocking, 'length', { value: handler.length });
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

/** Express 4 does not look at promises. A client that has gone is nobody's error. */
async function tellNext(task: Task, next: Next | undefined): Promise<void> {
  try {
    await task;
  } catch (error) {
    if (isClientGone(error)) return;
    if (next === undefined) throw error;
    next(error);
  }
}
