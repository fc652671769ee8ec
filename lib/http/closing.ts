import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import type { Server, Socket } from 'node:net';

import { AbortError } from '../base/errors';
import { realClock } from '../lowlevel/kit';
import { clearInterval, setInterval } from '../base/timers';
import { knownClient } from './client';
import { allConnectionsOf, connectionsOf } from './connections';
import { closeSessions } from './sessions';

/** Milliseconds between two looks at the connections of a server that shuts down. */
const LOOK = 50;

/** Milliseconds that a connection without a request has to send the head of one. */
const PATIENCE = 1000;

/** What Node's servers keep at a connection of HTTP/1. */
interface Connection extends Socket {
  /** Gone from a connection that was upgraded. */
  parser?: { incoming?: IncomingMessage | null } | null;
  /** The response that goes out, or is to. */
  _httpMessage?: ServerResponse | null | undefined;
}

/** As much of a response as Node looks at to see whether a connection is idle. */
const UNFINISHED: unknown = { finished: false };

/** What only servers of HTTP/1 have, or those of TLS. */
type Peculiar = Partial<
  Pick<HttpServer, 'closeIdleConnections' | 'closeAllConnections' | 'requestTimeout'>
> & { setSecureContext?: unknown };

/** A server that shuts down. Node's own `close` waits for ever where a connection has no request that would end. */
class Closing {
  /** Fulfilled when all connections are closed. */
  readonly closed: Promise<void>;
  readonly #server: Server & Peculiar;
  /** When connections were first seen to wait for their client. */
  readonly #waitingSince = new WeakMap<Socket, number>();
  /** The response that announces the end of its connection, as the last one on it. */
  readonly #last = new WeakMap<Socket, ServerResponse>();
  readonly #followed = new WeakSet<ServerResponse>();

  constructor(server: Server & Peculiar) {
    this.#server = server;
    server.prependListener('request', this.#announce);
    const looking = setInterval(this.#look, LOOK).unref();
    this.closed = new Promise((resolve) => {
      this.#close(() => {
        clearInterval(looking);
        server.off('request', this.#announce);
        closings.delete(server);
        resolve();
      });
    });
    this.#look();
  }

  /** Resolves when all connections are closed, which they are after `grace` milliseconds. */
  async within(grace: number): Promise<void> {
    const timer = realClock.setTimer(grace, this.#end, true);
    await this.closed;
    timer.cancel();
  }

  #close(closed: () => void): void {
    const server = this.#server;
    const closeIdle = server.closeIdleConnections?.bind(server);
    if (closeIdle === undefined) {
      server.close(closed);
      return;
    }
    const own = Object.getOwnPropertyDescriptor(server, 'closeIdleConnections');
    server.closeIdleConnections = () => {
      this.#sparing(closeIdle);
    };
    server.close(() => {
      if (own === undefined) Reflect.deleteProperty(server, 'closeIdleConnections');
      else Object.defineProperty(server, 'closeIdleConnections', own);
      closed();
    });
  }

  /**
   * Node takes connections for idle whose answer is not out yet and, from Node 26 on, those that have sent nothing yet,
   * whose request may be on its way. It spares those with an unfinished response.
   */
  #sparing(closeIdle: () => void): void {
    const spared = new Map<Connection, Connection['_httpMessage']>();
    for (const socket of connectionsOf(this.#server) as ReadonlySet<Connection>) {
      const { _httpMessage: response } = socket;
      const isFlushing = response?.writableEnded && !response.writableFinished;
      if (isFlushing || (!response && socket.bytesRead === 0)) spared.set(socket, response);
    }
    for (const socket of spared.keys()) socket._httpMessage = UNFINISHED as ServerResponse;
    closeIdle();
    for (const [socket, response] of spared) socket._httpMessage = response;
  }

  readonly #look = (): void => {
    for (const socket of connectionsOf(this.#server) as ReadonlySet<Connection>) {
      const { parser, _httpMessage: response } = socket;
      if (response) {
        this.#follow(socket, response);
      } else if (parser || socket.bytesRead === 0 || this.#isHandshake(socket)) {
        if (this.#hasWaited(socket, PATIENCE)) socket.destroy();
      }
    }
    this.#server.closeIdleConnections?.();
    closeSessions(this.#server);
  };

  /** Whether a connection has waited for its client for so long. */
  #hasWaited(socket: Socket, ms: number): boolean {
    const since = this.#waitingSince.get(socket);
    if (since !== undefined) return realClock.now() - since >= ms;
    this.#waitingSince.set(socket, realClock.now());
    return false;
  }

  #isHandshake(socket: Socket): boolean {
    return this.#server.setSecureContext !== undefined && !('encrypted' in socket);
  }

  /** Node does not look after `requestTimeout` any more once a server is closed. */
  #follow(socket: Connection, response: ServerResponse): void {
    const { requestTimeout = 0 } = this.#server;
    if (response.req.complete) this.#waitingSince.delete(socket);
    else if (requestTimeout > 0 && this.#hasWaited(socket, requestTimeout)) socket.destroy();
    if (this.#followed.has(response)) return;
    this.#followed.add(response);
    response.on('close', this.#look);
    const newest = socket.parser?.incoming;
    if (!newest || newest === response.req) this.#announce(response.req, response);
  }

  /** Node closes a connection after a response that says so, also where others are to follow. */
  readonly #announce = (request: IncomingMessage, response: ServerResponse): void => {
    const { socket } = request;
    const before = this.#last.get(socket);
    if (before === response || response.headersSent || !response.shouldKeepAlive) return;
    if (before?.headersSent === false) before.shouldKeepAlive = true;
    response.shouldKeepAlive = false;
    this.#last.set(socket, response);
  };

  readonly #end = (): void => {
    const server = this.#server;
    const sockets = allConnectionsOf(server);
    for (const socket of sockets) {
      for (const { task } of [...(knownClient(socket)?.requests() ?? [])]) {
        task.cancel(new AbortError('The server is shutting down'));
      }
    }
    for (const socket of sockets) socket.destroy();
    server.closeAllConnections?.();
  };
}

const closings = new WeakMap<Server, Closing>();

/** A server that shuts down from now on, or does already. */
export function closingOf(server: Server): Closing {
  let closing = closings.get(server);
  if (closing === undefined) closings.set(server, (closing = new Closing(server)));
  return closing;
}
