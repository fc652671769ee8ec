import type net from 'node:net';

import type { Waiter } from 'greenfiber/lowlevel';

import { Http1Wire } from './http1-wire';
import { Http2Call } from './http2-call';
import { Http2Connection, type Otherwise } from './http2-connection';
import type { Exchange, Means, Underway, Wire, WireRequest } from './transport';

/** One connection of HTTP/2 at a time: a new one when the last one is gone. */
export class Http2Wire implements Wire {
  readonly origin: string;
  readonly #means: Means;
  readonly #otherwise: Otherwise;
  #connection: Http2Connection | undefined = undefined;
  /** Where the server has chosen HTTP/1.1: for what was sent before that was known. */
  readonly #http1: Http1Wire[] = [];

  /** @param onHttp1 - told when the server chooses HTTP/1.1; left out where it may not */
  constructor(origin: string, means: Means, onHttp1?: () => void) {
    this.origin = origin;
    this.#means = means;
    this.#otherwise = {
      again: (calls) => {
        for (const call of calls) this.#send(call);
      },
      overHttp1:
        onHttp1 &&
        ((socket, calls) => {
          onHttp1();
          this.#overHttp1(socket, calls);
        }),
    };
  }

  /** Over one connection everything goes at once. */
  get busy(): boolean {
    return this.#http1.length > 0 && this.#http1.every(({ busy }) => busy);
  }

  get idle(): boolean {
    return this.#connection?.idle !== false && this.#http1.every(({ idle }) => idle);
  }

  send(request: WireRequest, waiter: Waiter<Exchange>, discard: boolean): Underway {
    const free = this.#http1.find(({ busy }) => !busy);
    if (free !== undefined) return free.send(request, waiter, discard);
    const call = new Http2Call(request, waiter, discard);
    this.#send(call);
    return call;
  }

  close(): void {
    this.#connection?.close();
    for (const wire of this.#http1) wire.close();
  }

  #send(call: Http2Call): void {
    if (this.#connection?.isUsable === true) this.#connection.send(call);
    else this.#connection = new Http2Connection(this.origin, this.#means, this.#otherwise, call);
  }

  /** The first call has the connection, the others open their own. */
  #overHttp1(socket: net.Socket, calls: readonly Http2Call[]): void {
    for (const [index, call] of calls.entries()) {
      const { request, waiter, discard, exchange } = call;
      const wire = new Http1Wire(this.origin, this.#means);
      this.#http1.push(wire);
      if (index === 0) wire.adopt(socket);
      const { begun, opening } = exchange;
      const isOpener = opening !== undefined;
      const underway = wire.send(
        request,
        waiter,
        discard,
        isOpener ? { at: begun, opening } : undefined,
      );
      call.place = underway;
    }
  }
}
