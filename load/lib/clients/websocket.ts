import type WebSocket from 'ws';

import { FiberError } from 'greenfiber';
import { Waiter, wrongType, wrongValue } from 'greenfiber/lowlevel';

import { lazily } from '../lazy';
import { checkTarget } from '../plan';
import { vu } from '../vu';
import { opened } from './socket';

export interface WebSocketOptions {
  headers?: Readonly<Record<string, string>>;
  protocols?: string | string[];
}

/** Messages that wait to be received; then the socket is paused. */
const MOST_PENDING = 1000;

/** A WebSocket in blocking style, over the package `ws`; made by `ws.connect`. */
export class WebSocketSession implements Disposable {
  /** Underneath. @internal */
  readonly socket: WebSocket;
  readonly #messages: (string | Buffer)[] = [];
  #receiver: Waiter<string | Buffer | null> | undefined = undefined;
  #error: Error | undefined = undefined;
  #closed = false;

  /** @internal */
  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      const message = isBinary ? data : data.toString('utf8');
      const receiver = this.#receiver;
      this.#receiver = undefined;
      if (receiver?.wake(message) === true) return;
      this.#messages.push(message);
      if (this.#messages.length >= MOST_PENDING) socket.pause();
    });
    socket.on('error', (error) => {
      this.#error = error;
    });
    socket.on('close', () => {
      this.#closed = true;
      if (this.#error !== undefined) this.#receiver?.fail(this.#error);
      else this.#receiver?.wake(null);
      this.#receiver = undefined;
    });
  }

  /**
   * Sends a message, text or bytes, and sleeps until the socket has taken it.
   *
   * @throws the socket's error; {@link FiberError} `ERR_STREAM_ENDED` when it is closed, `ERR_FIBER_INVALID_ARG_TYPE`;
   * the reason of a cancelled scope
   */
  send(message: string | Uint8Array): void {
    if (typeof message !== 'string' && !((message as unknown) instanceof Uint8Array)) {
      throw wrongType('message', 'a string or bytes', message);
    }
    const waiter = Waiter.begin<undefined>('ws.send', this);
    if (this.#error !== undefined) throw this.#error;
    if (this.socket.readyState !== this.socket.OPEN) {
      throw new FiberError(
        'ERR_STREAM_ENDED',
        'The WebSocket is closed and takes no further message',
      );
    }
    this.socket.send(message, (error) => {
      if (error) waiter.fail(error);
      else waiter.wake(undefined);
    });
    waiter.park(() => undefined);
  }

  /**
   * Sleeps until a message comes: text, or bytes. `null` once the socket is closed. One task at a time.
   *
   * @throws the socket's error; {@link FiberError} `ERR_STREAM_BUSY` while another task receives; the reason of a
   * cancelled scope
   */
  receive(): string | Buffer | null {
    const waiter = Waiter.begin<string | Buffer | null>('ws.receive', this);
    if (this.#receiver !== undefined) {
      throw new FiberError(
        'ERR_STREAM_BUSY',
        'Another task receives from this WebSocket: one at a time can',
      );
    }
    const message = this.#messages.shift();
    if (message !== undefined) {
      if (this.socket.isPaused) this.socket.resume();
      return message;
    }
    if (this.#error !== undefined) throw this.#error;
    if (this.#closed) return null;
    this.#receiver = waiter;
    return waiter.park(() => {
      this.#receiver = undefined;
    });
  }

  /** Says goodbye to the peer; does not wait for its answer. */
  close(code = 1000, reason = ''): void {
    this.socket.close(code, reason);
  }

  /** Cuts the connection. */
  destroy(): void {
    this.socket.terminate();
  }

  /** {@link destroy}, for `using`. */
  [Symbol.dispose](): void {
    this.destroy();
  }
}

function connect(url: string, options: WebSocketOptions): WebSocketSession {
  const { plan } = vu().context;
  const { protocol } = checkTarget('url', url);
  if (!protocol.startsWith('ws')) throw wrongValue('url', 'a URL of ws: or wss:', url);
  const waiter = Waiter.begin<undefined>('ws.connect', url);
  const { WebSocket: Socket } = lazily.ws();
  const { headers = {}, protocols = [] } = options;
  const socket = new Socket(url, protocols, {
    headers,
    ...plan.network.tls,
    rejectUnauthorized: !plan.network.insecure,
    ...(plan.timeout < 2 ** 31 && { handshakeTimeout: Math.ceil(plan.timeout) }),
    perMessageDeflate: false,
  });
  const session = new WebSocketSession(socket);
  socket.once('open', () => waiter.wake(undefined));
  socket.once('error', (error) => waiter.fail(error));
  waiter.park(() => {
    socket.terminate();
  });
  return session;
}

/** WebSockets in blocking style. */
export const ws = {
  /**
   * Connects, and sleeps until the socket is open. It is cut off at the end of the iteration, if not closed before.
   * Counted as `ws_connects` and `ws_connecting`.
   *
   * @throws the socket's error, which is counted by its kind; {@link FiberError} `ERR_LOAD_NO_USER`,
   * `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`; the reason of a cancelled scope
   */
  connect: (url: string, options: WebSocketOptions = {}): WebSocketSession =>
    opened('ws', () => connect(url, options)),
};
