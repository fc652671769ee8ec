import type net from 'node:net';

import type { Clock, Waiter } from 'greenfiber/lowlevel';

import type { Network } from '../network-options';
import { AnswerParser } from './answer-parser';
import { Connector } from './connect';
import type { Opening } from './timings';
import { noAnswer, type Exchange, type Transport, type Wire, type WireRequest } from './transport';

/** Bodies up to this size are written together with their head. */
const SMALL_BODY = 16 * 1024;

/** Requests that go out over the network, as HTTP/1.1. */
export class NetworkTransport implements Transport {
  readonly #connector: Connector;
  readonly #clock: Clock;
  readonly #answers = new Answers();

  constructor(network: Network, clock: Clock) {
    this.#connector = new Connector(network);
    this.#clock = clock;
  }

  wire(origin: string): Wire {
    return new NetworkWire(origin, this.#connector, this.#clock, this.#answers);
  }
}

/**
 * One connection, which is opened by the request that needs it. It reads into a buffer that all share, and without a
 * stream: nothing but the exchange is made for a request.
 */
class NetworkWire implements Wire {
  busy = false;
  readonly origin: string;
  readonly #connector: Connector;
  readonly #clock: Clock;
  readonly #answers: Answers;
  readonly #parser = new AnswerParser();
  #socket: net.Socket | undefined = undefined;
  #waiter: Waiter<Exchange> | undefined = undefined;
  #exchange: Exchange | undefined = undefined;
  #size = 0;
  #discard = false;

  constructor(origin: string, connector: Connector, clock: Clock, answers: Answers) {
    this.origin = origin;
    this.#connector = connector;
    this.#clock = clock;
    this.#answers = answers;
  }

  send(request: WireRequest, waiter: Waiter<Exchange>, discard: boolean): void {
    this.busy = true;
    this.#waiter = waiter;
    this.#discard = discard;
    const exchange = (this.#exchange = noAnswer());
    exchange.begun = this.#clock.now();
    this.#parser.begin(request.method);
    this.#size = 0;
    if (this.#socket === undefined && this.#connector.needsTunnel(this.origin)) {
      this.#openTunnel(exchange, request);
    } else {
      this.#write((this.#socket ??= this.#open(exchange)), request, exchange);
    }
  }

  abort(): Exchange | undefined {
    const exchange = this.#exchange;
    if (exchange !== undefined) this.#count(exchange);
    this.#waiter = this.#exchange = undefined;
    this.close();
    return exchange;
  }

  close(): void {
    this.busy = false;
    this.#drop();
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.destroy();
  }

  #write(socket: net.Socket, given: WireRequest, exchange: Exchange): void {
    const request = this.#connector.forward(given);
    this.#size = request.size;
    write(socket, request, exchange, this.#clock);
  }

  #open(exchange: Exchange): net.Socket {
    const opening = (exchange.opening = { lookedUp: 0, connected: 0, secured: 0 });
    const socket = this.#connector.open(this.origin, (bytes) => {
      if (this.#socket === socket) this.#take(bytes);
    });
    this.#note(socket, opening);
    if (this.origin.startsWith('https:'))
      socket.once('secureConnect', () => (opening.secured = this.#clock.now()));
    return this.#watch(socket);
  }

  /** The request follows when the tunnel stands. */
  #openTunnel(exchange: Exchange, request: WireRequest): void {
    const opening = (exchange.opening = { lookedUp: 0, connected: 0, secured: 0 });
    const take = (bytes: Buffer): void => {
      this.#take(bytes);
    };
    const raw = this.#connector.tunnel(this.origin, take, (socket) => {
      if (this.#socket !== raw) {
        socket.destroy(); // it was given up meanwhile
        return;
      }
      opening.connected = this.#clock.now(); // of the tunnel
      socket.once('secureConnect', () => (opening.secured = this.#clock.now()));
      this.#socket = this.#watch(socket);
      this.#write(socket, request, exchange);
    });
    this.#socket = this.#watch(raw);
    this.#note(raw, opening);
  }

  #note(socket: net.Socket, opening: Opening): void {
    if (!socket.connecting) return;
    const lookedUp = (): void => {
      opening.lookedUp = this.#clock.now();
    };
    socket.once('lookup', lookedUp).once('connect', () => {
      socket.off('lookup', lookedUp); // there is none for an address
      opening.connected = this.#clock.now();
    });
  }

  #watch(socket: net.Socket): net.Socket {
    socket.on('error', (error) => {
      this.#lost(socket, error);
    });
    const ended = (): void => {
      this.#lost(socket, undefined);
    };
    socket.on('end', ended).on('close', ended);
    return socket;
  }

  #take(bytes: Buffer): void {
    const exchange = this.#exchange;
    if (exchange === undefined) {
      this.#drop(); // nobody has asked: a server says that it waited long enough, mostly
      return;
    }
    if (exchange.firstByte === 0) exchange.firstByte = this.#clock.now();
    exchange.received += bytes.length;
    const parser = this.#parser;
    try {
      const taken = parser.parse(bytes, this.#keep);
      if (!parser.complete) return;
      this.#complete(exchange, taken === bytes.length);
    } catch (error) {
      this.#drop();
      this.#fail(exchange, error);
    }
  }

  readonly #keep = (part: Buffer): void => {
    if (!this.#discard) this.#exchange?.chunks.push(Buffer.from(part));
  };

  #complete(exchange: Exchange, isClean: boolean): void {
    exchange.status = this.#parser.status;
    exchange.head = this.#parser.head;
    this.#count(exchange);
    // What follows an answer nobody asked for, and an answer may come before all was sent.
    const isReusable = this.#parser.keepAlive && isClean && this.#socket?.writableLength === 0;
    if (!isReusable) this.#drop();
    this.#end(exchange);
  }

  /** The connection is gone. */
  #lost(socket: net.Socket, error: Error | undefined): void {
    if (this.#socket !== socket) return;
    const exchange = this.#exchange;
    if (exchange === undefined) {
      this.#drop();
      return;
    }
    if (error === undefined && this.#parser.end()) {
      this.#complete(exchange, false);
      return;
    }
    this.#count(exchange);
    this.#drop();
    this.#fail(exchange, error ?? cutOff(this.#parser.begun));
  }

  #fail(exchange: Exchange, error: unknown): void {
    exchange.status = 0;
    exchange.error = error;
    this.#count(exchange);
    this.#end(exchange);
  }

  /** What went out: all, or what the system has taken of it. */
  #count(exchange: Exchange): void {
    const socket = this.#socket;
    if (socket === undefined || socket.connecting) return;
    exchange.sent = Math.max(0, this.#size - socket.writableLength);
  }

  #end(exchange: Exchange): void {
    const waiter = this.#waiter;
    this.busy = false;
    this.#exchange = this.#waiter = undefined;
    exchange.ended = this.#clock.now();
    if (waiter !== undefined) this.#answers.push(waiter, exchange);
  }
}

function cutOff(begun: boolean): Error {
  const when = begun ? 'in the middle of its answer' : 'without an answer';
  return Object.assign(new Error(`The peer closed the connection ${when}`), { code: 'ECONNRESET' });
}

function write(
  socket: net.Socket,
  { head, body }: WireRequest,
  exchange: Exchange,
  clock: Clock,
): void {
  if (body === undefined || body.length === 0) {
    socket.write(head, 'latin1');
    return;
  }
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  if (bytes.length <= SMALL_BODY) {
    socket.write(Buffer.concat([Buffer.from(head, 'latin1'), bytes]));
    return;
  }
  socket.cork();
  socket.write(head, 'latin1');
  socket.write(bytes, () => {
    exchange.written = clock.now(); // smaller ones the system takes at once
  });
  socket.uncork();
}

/**
 * Wakes the tasks whose answers came in one turn of the event loop together, so that their next requests are written
 * together: half as many turns of the loop, here and in the server, as when each is written as soon as it can be.
 */
class Answers {
  #waiters: Waiter<Exchange>[] = [];
  #exchanges: Exchange[] = [];

  push(waiter: Waiter<Exchange>, exchange: Exchange): void {
    this.#waiters.push(waiter);
    this.#exchanges.push(exchange);
    if (this.#waiters.length === 1) setImmediate(this.#wake);
  }

  readonly #wake = (): void => {
    const waiters = this.#waiters;
    const exchanges = this.#exchanges;
    this.#waiters = [];
    this.#exchanges = [];
    for (const [index, exchange] of exchanges.entries()) waiters[index]?.wake(exchange);
  };
}
