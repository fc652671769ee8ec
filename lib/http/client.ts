import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

import { currentScheduler } from '../scheduler/spawn';
import type { Task } from '../scheduler/task';
import { HttpError } from './http-error';

/** A request that is under way. */
export interface Request {
  readonly task: Task;
  readonly response: ServerResponse;
}

const NO_ARGUMENTS: [] = [];

/** A property of the connection: a map would have to hash it for every request. */
const clientKey = Symbol('greenfiber client');

/**
 * Whoever is at the other end of a connection, and the requests on it that are under way: several when it
 * pipelines. A connection is a socket, or the response itself where requests have none of their own.
 */
export class Client {
  readonly #connection: Socket | ServerResponse;
  /** Seldom more than one, and the oldest first: cheaper to look through than a map is to keep. */
  readonly #requests: Request[] = [];

  constructor(connection: Socket | ServerResponse) {
    this.#connection = connection;
    Object.assign(connection, { [clientKey]: this });
    // One listener a connection, not one a request; and a response that waits for its turn in a pipeline does
    // not learn that the client has gone.
    connection.on('close', () => {
      for (const { task, response } of [...this.#requests]) {
        if (!isComplete(response)) task.cancel(clientGone());
      }
    });
  }

  /** The tasks of the requests under way, each with its response. */
  requests(): readonly Request[] {
    return this.#requests;
  }

  /**
   * Runs `body` in a task that is cancelled when the client goes away before `response` is complete. Outside of tasks
   * it begins at once, as a handler without a task would.
   */
  start<T>(body: () => T, response: ServerResponse): Task<T> {
    const scheduler = currentScheduler();
    const task = scheduler.create(body, NO_ARGUMENTS, undefined, this.#forget);
    this.#requests.push({ task: task as Task, response });
    if (this.#connection.destroyed) task.cancel(clientGone());
    scheduler.makeReadyAndRun(task as Task);
    return task;
  }

  readonly #forget = (task: Task): void => {
    const requests = this.#requests;
    if (requests.length === 1) {
      requests.pop();
    } else {
      requests.splice(
        requests.findIndex((request) => request.task === task),
        1,
      );
    }
  };
}

/** The client at the other end of a connection. */
export function clientOf(connection: Socket | ServerResponse): Client {
  return knownClient(connection) ?? new Client(connection);
}

/** The same; undefined: no request of it has had a task. */
export function knownClient(connection: Socket | ServerResponse): Client | undefined {
  return (connection as { [clientKey]?: Client })[clientKey];
}

/** Whether a task is going to answer with this response. */
export function isUnderWay(response: ServerResponse): boolean {
  const { socket } = response.req;
  const client = knownClient(response) ?? knownClient(socket);
  return client?.requests().some((request) => request.response === response) ?? false;
}

/** Whether an error is the reason that requests are cancelled with when their client has gone. */
export function isClientGone(error: unknown): boolean {
  return error instanceof HttpError && error.code === 'ERR_HTTP_CLIENT_GONE';
}

/** Whether all of a response went out. One of HTTP/2 that was cut off is finished, too, on Node 20; its stream knows better. */
export function isComplete(response: ServerResponse): boolean {
  const { stream } = response as { stream?: { aborted: boolean } };
  return stream === undefined ? response.writableFinished : !stream.aborted;
}

/** 499 is what nginx logs; nobody reads it. */
function clientGone(): HttpError {
  return new HttpError(499, 'The client closed the connection before it was answered', {
    code: 'ERR_HTTP_CLIENT_GONE',
  });
}
