import { connect, constants, type ClientHttp2Session, type Settings } from 'node:http2';
import type net from 'node:net';
import { TLSSocket } from 'node:tls';

import { HttpProtocolError } from './answer-parser';
import { type Protocols } from './connect';
import { headOf, http2Headers, type Http2Call, type Place } from './http2-call';
import { noteOpening, notOpened, type Opening } from './timings';
import { cutOff, type Exchange, type Means } from './transport';

/** Bodies up to this size the system takes at once. */
const SMALL_BODY = 16 * 1024;
/** What a server may send before it is told to go on, as browsers have it: of one answer, and of all. */
const STREAM_WINDOW = 6 << 20;
const CONNECTION_WINDOW = 15 << 20;
/** What a connection may hold: else a large body of a request would count against its answer. */
const MOST_MEGABYTES = 1 << 20;
/** Requests under way until the server says how many it allows (RFC 9113, 6.5.2). */
const FIRST_STREAMS = 100;

/** What becomes of calls that this connection cannot serve. */
export interface Otherwise {
  /** The server has said goodbye, or refused them before it did anything. */
  again(calls: readonly Http2Call[]): void;
  /** It speaks HTTP/1.1, over this socket; undefined where that is not allowed. */
  overHttp1: ((socket: net.Socket, calls: readonly Http2Call[]) => void) | undefined;
}

/** One connection of HTTP/2, over which all requests of a user to an origin go, as many at once as the server allows. */
export class Http2Connection implements Place {
  readonly #origin: string;
  readonly #means: Means;
  readonly #otherwise: Otherwise;
  readonly #waiting: Http2Call[] = [];
  readonly #active = new Set<Http2Call>();
  readonly #opening: Opening = notOpened();
  #socket: net.Socket | undefined = undefined;
  #session: ClientHttp2Session | undefined = undefined;
  #most = FIRST_STREAMS;
  #isOver = false;
  /** Bytes of the connection that exchanges have been charged with: each with those since the one before. */
  #received = 0;
  #sent = 0;

  /** Opens it, for the first call. */
  constructor(origin: string, means: Means, otherwise: Otherwise, first: Http2Call) {
    this.#origin = origin;
    this.#means = means;
    this.#otherwise = otherwise;
    first.exchange.begun = means.clock.now();
    first.exchange.opening = this.#opening;
    this.#open(otherwise.overHttp1 === undefined ? ['h2'] : ['h2', 'http/1.1']);
    this.send(first);
  }

  /** Whether further requests can be sent over it. */
  get isUsable(): boolean {
    return !this.#isOver && this.#session?.closed !== true;
  }

  get idle(): boolean {
    return this.#active.size + this.#waiting.length === 0;
  }

  send(call: Http2Call): void {
    call.place = this;
    this.#waiting.push(call);
    this.#goOn();
  }

  abort(call: Http2Call): Exchange | undefined {
    const at = this.#waiting.indexOf(call);
    if (at >= 0) this.#waiting.splice(at, 1);
    else if (!this.#active.delete(call)) return undefined;
    this.#count(call.exchange);
    call.stream?.close(constants.NGHTTP2_CANCEL);
    // One that nobody waits for, and that does not come to stand, is not to be waited for by the next one.
    if (this.#session === undefined && this.idle) this.close();
    this.#goOn();
    return call.exchange;
  }

  close(): void {
    this.#isOver = true;
    this.#session?.destroy();
    this.#socket?.destroy();
  }

  #open(protocols: Protocols): void {
    const { connector, clock } = this.#means;
    const isSecure = this.#origin.startsWith('https:');
    const stands = (socket: net.Socket): void => {
      if (this.#isOver) {
        socket.destroy(); // it was given up meanwhile
        return;
      }
      this.#watch(socket);
      if (!isSecure && !socket.connecting) {
        this.#begin(socket);
        return;
      }
      socket.once(isSecure ? 'secureConnect' : 'connect', () => {
        if (isSecure) this.#opening.secured = clock.now();
        this.#agreed(socket, isSecure);
      });
    };
    if (!connector.needsTunnel(this.#origin, 'h2')) {
      const socket = connector.direct(this.#origin, protocols);
      noteOpening(socket, this.#opening, clock);
      stands(socket);
      return;
    }
    const raw = connector.tunnel(this.#origin, protocols, (socket) => {
      this.#opening.connected = clock.now(); // of the tunnel
      stands(socket);
    });
    noteOpening(raw, this.#opening, clock);
    this.#watch(raw);
  }

  /** The handshake is done, if there is one. */
  #agreed(socket: net.Socket, isSecure: boolean): void {
    if (this.#isOver) return;
    if (!isSecure || (socket instanceof TLSSocket && socket.alpnProtocol === 'h2')) {
      this.#begin(socket);
      return;
    }
    const { overHttp1 } = this.#otherwise;
    if (overHttp1 === undefined) {
      this.#lose(new HttpProtocolError('The server does not speak HTTP/2'));
      return;
    }
    this.#isOver = true;
    this.#socket = undefined;
    overHttp1(socket, this.#waiting.splice(0));
  }

  #begin(socket: net.Socket): void {
    const session = (this.#session = connect(this.#origin, {
      createConnection: () => socket,
      maxSessionMemory: MOST_MEGABYTES,
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW },
    }));
    session.once('connect', () => {
      session.setLocalWindowSize(CONNECTION_WINDOW);
    });
    session.on('remoteSettings', ({ maxConcurrentStreams = FIRST_STREAMS }: Settings) => {
      this.#most = maxConcurrentStreams;
      this.#goOn();
    });
    session.on('goaway', this.#goOn);
    session.on('error', (error: Error) => {
      this.#lose(error);
    });
    session.on('close', () => {
      this.#lose(undefined);
    });
    this.#goOn();
  }

  #watch(socket: net.Socket): void {
    this.#socket = socket;
    socket.on('error', (error) => {
      if (this.#socket === socket) this.#lose(error);
    });
    socket.on('close', () => {
      if (this.#socket === socket) this.#lose(undefined);
    });
  }

  /** Begins what waits, as far as the server allows. */
  readonly #goOn = (): void => {
    const session = this.#session;
    if (session === undefined || this.#isOver) return;
    if (session.closed) {
      this.#otherwise.again(this.#waiting.splice(0));
      return;
    }
    while (this.#active.size < this.#most) {
      const call = this.#waiting.shift();
      if (call === undefined) return;
      this.#start(session, call);
    }
  };

  #start(session: ClientHttp2Session, call: Http2Call): void {
    const { exchange, request } = call;
    const { clock } = this.#means;
    const { body } = request;
    this.#active.add(call);
    if (exchange.begun === 0) exchange.begun = clock.now();
    const isEmpty = body === undefined || body.length === 0;
    let stream;
    try {
      stream = call.stream = session.request(http2Headers(request), { endStream: isEmpty });
    } catch (error) {
      this.#end(call, error);
      return;
    }
    stream.on('response', (headers) => {
      exchange.firstByte = clock.now();
      exchange.status = Number(headers[constants.HTTP2_HEADER_STATUS]);
      exchange.head = headOf(headers);
    });
    stream.on('data', (chunk: Buffer) => {
      if (!call.discard) exchange.chunks.push(chunk);
    });
    const end = (error: unknown): void => {
      if (call.stream === stream) this.#end(call, error); // else it has another one by now
    };
    stream.on('end', () => {
      const isWhole = exchange.status !== 0 && stream.rstCode === constants.NGHTTP2_NO_ERROR;
      if (isWhole) end(undefined); // else what it ended with is still to come
    });
    stream.on('close', () => {
      end(cutOff(exchange.status !== 0));
    });
    stream.on('error', end);
    if (isEmpty) return;
    const isSmall = body.length <= SMALL_BODY;
    stream.end(body, () => {
      if (!isSmall) exchange.written = clock.now();
    });
  }

  /** A call is answered, or has failed. */
  #end(call: Http2Call, error: unknown): void {
    if (!this.#active.delete(call)) return;
    const { stream, exchange } = call;
    if (stream?.rstCode === constants.NGHTTP2_REFUSED_STREAM && !call.wasRefused) {
      call.wasRefused = true;
      call.stream = undefined;
      this.#otherwise.again([call]);
    } else {
      // It may be answered before all was sent, and then the rest is of no use.
      if (stream?.writableFinished === false) stream.close(constants.NGHTTP2_CANCEL);
      this.#answer(call, exchange, error);
    }
    this.#goOn();
  }

  #answer(call: Http2Call, exchange: Exchange, error: unknown): void {
    this.#count(exchange);
    if (error !== undefined) {
      exchange.status = 0;
      exchange.head = '';
      exchange.error = error;
    }
    exchange.ended = this.#means.clock.now();
    this.#means.answers.push(call.waiter, exchange);
  }

  /** The connection is gone. */
  #lose(error: Error | undefined): void {
    if (this.#isOver) return;
    this.close();
    const waiting = this.#waiting.splice(0);
    for (const call of this.#active) {
      this.#answer(call, call.exchange, error ?? cutOff(call.exchange.status !== 0));
    }
    this.#active.clear();
    for (const call of waiting) this.#answer(call, call.exchange, error ?? cutOff(false));
  }

  #count(exchange: Exchange): void {
    if (this.#session === undefined || this.#socket === undefined) return; // nothing of HTTP has gone over it
    const { bytesRead, bytesWritten } = this.#socket;
    exchange.received += Math.max(0, bytesRead - this.#received);
    exchange.sent += Math.max(0, bytesWritten - this.#sent);
    this.#received = Math.max(this.#received, bytesRead);
    this.#sent = Math.max(this.#sent, bytesWritten);
  }
}
