import type { AddressInfo, Server, Socket } from 'node:net';

import { AbortError, FiberError } from '../base/errors';
import { checkDuration, checkFunction, checkObject } from '../base/validators';
import { group, type Group } from '../scheduler/group';
import { currentClock, settled, Waiter, WaitQueue } from '../lowlevel/kit';
import { Connection } from './connection';
import { Handle } from './handle';
import { converse, type OnConnectionError } from './converse';
import { showAs } from '../base/look';

export interface ServeOptions {
  /**
   * Told of every error that ends a connection, and of those of the listener itself. Without it, what a peer
   * brings about (a reset, a frame that is too long or cut off) only ends its connection, and any other error
   * ends {@link Listener.serve}.
   */
  onError?: OnConnectionError;
}

/** A listening socket in blocking style; made by {@link listen}. */
export class Listener implements Iterable<Connection>, Disposable {
  /** The server underneath. Its event `drop` tells of connections above `maxConnections`. */
  readonly server: Server;
  readonly #handle: Handle;

  readonly #maxPending: number;
  readonly #pending: Socket[] = [];
  readonly #acceptors = new WaitQueue<Waiter<Connection | null>>();
  #serve: ((socket: Socket) => void) | undefined = undefined;
  /** The tasks of {@link serve}. */
  #members: Group | undefined = undefined;
  #end: Waiter<undefined> | undefined = undefined;
  #errors: unknown[] = [];
  #closed = false;

  /** @internal */
  constructor(server: Server, maxPending: number) {
    this.server = server;
    this.#handle = Handle.of(server);
    this.#maxPending = maxPending;
    server.on('connection', this.#arrive);
    server.on('error', this.#fail);
  }

  /** Where it listens: a path for a Unix socket; null once closed. */
  get address(): AddressInfo | string | null {
    return this.server.address();
  }

  /** The TCP port that it listens at; 0 when it has none. */
  get port(): number {
    const { address } = this;
    return address !== null && typeof address === 'object' ? address.port : 0;
  }

  /**
   * Sleeps until somebody connects. `null` once the listener is closed. Nothing is read from a connection that
   * waits to be accepted. Any number of tasks may accept, and are served in the order in which they came; a
   * cancelled one takes no connection.
   *
   * @throws an error of the listening socket (`EMFILE` and its kin), once; {@link FiberError} `ERR_STREAM_BUSY` while
   * {@link serve} accepts, `ERR_FIBER_NOT_IN_FIBER`; the reason of a cancelled scope
   */
  accept(): Connection | null {
    const waiter = Waiter.begin<Connection | null>('Listener.accept', this);
    this.#checkFree();
    const socket = this.#pending.shift();
    if (socket !== undefined) return new Connection(socket);
    if (this.#errors.length > 0) throw this.#errors.shift();
    if (this.#closed) return null;
    return this.#handle.park(waiter, this.#acceptors);
  }

  /**
   * Runs `handler` in a task of its own for every connection, until {@link close}; then waits for those that are
   * under way. Each connection is closed when its handler returns, and destroyed when it throws. The tasks form
   * a group: cancelled with the caller, which also closes the listener.
   *
   * @throws an error of a handler, see {@link ServeOptions}; {@link FiberError} `ERR_STREAM_BUSY` while another task
   * accepts, `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_NOT_IN_FIBER`; the reason of a cancelled scope
   */
  serve(handler: (connection: Connection) => unknown, options: ServeOptions = {}): void {
    checkFunction('handler', handler);
    checkObject('options', options);
    const { onError } = options;
    if (onError !== undefined) checkFunction('options.onError', onError);
    this.#checkFree();
    if (!this.#acceptors.isEmpty) throw busy();
    group((members) => {
      this.#members = members;
      this.#serve = (socket) => {
        const connection = new Connection(socket);
        members.spawn(converse, connection, handler, onError);
      };
      try {
        for (const socket of this.#pending.splice(0)) this.#serve(socket);
        this.#sleepUntilClosed(onError);
      } finally {
        this.#serve = undefined;
        this.close();
      }
    });
  }

  /** Accepts no further connections; those that nobody has accepted are destroyed, the others stay. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.server.close();
    for (const socket of this.#pending.splice(0)) socket.destroy();
    this.#acceptors.wakeAll(null);
    this.#end?.wake(undefined);
  }

  /**
   * {@link close}, and a deadline for the connections that {@link serve} has under way: the tasks of those that are left
   * are cancelled with an {@link AbortError}, so that `serve` returns. Does not block.
   *
   * @param grace - milliseconds until then; by default as long as it takes
   * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`
   */
  shutdown(grace = Infinity): void {
    checkDuration('grace', grace);
    this.close();
    const members = this.#members;
    const cancel = (): void => members?.cancel(new AbortError('The server is shutting down'));
    if (grace === 0) cancel();
    else currentClock().setTimer(grace, cancel, false);
  }

  /** {@link close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** What {@link accept} returns, until the listener is closed. */
  *[Symbol.iterator](): Generator<Connection, void, undefined> {
    for (let next = this.accept(); next !== null; next = this.accept()) yield next;
  }

  #sleepUntilClosed(onError: OnConnectionError | undefined): void {
    for (;;) {
      const waiter = Waiter.begin<undefined>('Listener.serve', this);
      for (const error of this.#errors.splice(0)) {
        if (onError === undefined) throw error;
        settled('onError', onError(error, undefined));
      }
      if (this.#closed) return;
      this.#end = waiter;
      this.#handle.park(waiter, () => undefined);
    }
  }

  readonly #arrive = (socket: Socket): void => {
    if (this.#serve !== undefined) this.#serve(socket);
    else if (!this.#acceptors.isEmpty) this.#acceptors.shift()?.wake(new Connection(socket));
    else if (this.#pending.length < this.#maxPending) this.#pending.push(socket);
    else socket.destroy();
  };

  readonly #fail = (error: unknown): void => {
    const acceptor = this.#acceptors.shift();
    if (acceptor !== undefined) {
      acceptor.fail(error);
      return;
    }
    this.#errors.push(error);
    this.#end?.wake(undefined);
  };

  #checkFree(): void {
    if (this.#serve !== undefined) throw busy();
  }
}

showAs(Listener, ({ address }) => ({ address, closed: address === null }));

function busy(): FiberError {
  return new FiberError(
    'ERR_STREAM_BUSY',
    'The listener serves already, or another task accepts: use either serve or accept',
  );
}
