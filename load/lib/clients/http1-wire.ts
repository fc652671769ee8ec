import type net from 'node:net';

import type { Clock, Waiter } from 'greenfiber/lowlevel';

import { AnswerParser } from './answer-parser';
import type { Answers } from './answers';
import type { Connector } from './connect';
import { noteOpening, notOpened, type Opening } from './timings';
import {
  cutOff,
  noAnswer,
  type Exchange,
  type Means,
  type Underway,
  type Wire,
  type WireRequest,
} from './transport';

/** Bodies up to this size are written together with their head. */
const SMALL_BODY = 16 * 1024;

/** When a request began that was to go out otherwise, and what was opened for it. */
interface Begun {
  readonly at: number;
  readonly opening: Opening | undefined;
}

/**
 * One connection of HTTP/1.1, which is opened by the request that needs it. It reads into a buffer that all share, and without a
 * stream: nothing but the exchange is made for a request.
 */
export class Http1Wire implements Wire, Underway {
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

  constructor(origin: string, { connector, clock, answers }: Means) {
    this.origin = origin;
    this.#connector = connector;
    this.#clock = clock;
    this.#answers = answers;
  }

  get idle(): boolean {
    return !this.busy;
  }

  /** Takes a connection that was opened elsewhere, for the request that is sent next. */
  adopt(socket: net.Socket): void {
    this.#socket = this.#watch(this.#read(socket));
  }

  send(request: WireRequest, waiter: Waiter<Exchange>, discard: boolean, begun?: Begun): Underway {
    this.busy = true;
    this.#waiter = waiter;
    this.#discard = discard;
    const exchange = (this.#exchange = noAnswer());
    exchange.begun = begun?.at ?? this.#clock.now();
    exchange.opening = begun?.opening;
    this.#parser.begin(request.method);
    this.#size = 0;
    if (this.#socket === undefined && this.#connector.needsTunnel(this.origin)) {
      this.#openTunnel(exchange, request);
    } else {
      this.#write((this.#socket ??= this.#open(exchange)), request, exchange);
    }
    return this;
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
    const opening = (exchange.opening = notOpened());
    const socket = this.#connector.open(this.origin, (bytes) => {
      if (this.#socket === socket) this.#take(bytes);
    });
    noteOpening(socket, opening, this.#clock);
    if (this.origin.startsWith('https:'))
      socket.once('secureConnect', () => (opening.secured = this.#clock.now()));
    return this.#watch(socket);
  }

  /** The request follows when the tunnel stands. */
  #openTunnel(exchange: Exchange, request: WireRequest): void {
    const opening = (exchange.opening = notOpened());
    const raw = this.#connector.tunnel(this.origin, ['http/1.1'], (socket) => {
      if (this.#socket !== raw) {
        socket.destroy(); // it was given up meanwhile
        return;
      }
      opening.connected = this.#clock.now(); // of the tunnel
      socket.once('secureConnect', () => (opening.secured = this.#clock.now()));
      this.#read(socket);
      if (socket !== raw) this.#socket = this.#watch(socket);
      this.#write(socket, request, exchange);
    });
    this.#socket = this.#watch(raw);
    noteOpening(raw, opening, this.#clock);
  }

  #read(socket: net.Socket): net.Socket {
    const take = (bytes: Buffer): void => {
      if (this.#socket === socket) this.#take(bytes);
    };
    return socket.on('data', take).resume();
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
