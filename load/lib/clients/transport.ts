import type { Clock, Waiter } from 'greenfiber/lowlevel';

import type { Answers } from './answers';
import type { Connector } from './connect';
import type { HeaderList } from './headers';
import type { Opening } from './timings';

/** A request as it goes out. */
export interface WireRequest {
  readonly origin: string;
  readonly path: string;
  readonly method: string;
  /** Without those that the client adds. */
  readonly headers: HeaderList;
  readonly body: string | Uint8Array | undefined;
  /** Everything above the body, with the empty line below it. Latin-1. */
  readonly head: string;
  /** Of head and body, in bytes. */
  readonly size: number;
}

/** What came back. */
export interface Exchange {
  /** 0 when there is no answer. */
  status: number;
  /** The status line and the header lines, with CRLF between them. */
  head: string;
  readonly chunks: Uint8Array[];
  /** Bytes that came, and that went out, with heads. */
  received: number;
  sent: number;
  /** When it began, on the run's clock. */
  begun: number;
  /** Of the connection, if it was opened for this request. */
  opening: Opening | undefined;
  /** When all of it was sent, where that took its time; else 0. */
  written: number;
  /** When the first byte of the answer came; 0 before that. */
  firstByte: number;
  /** When it was complete. */
  ended: number;
  error: unknown;
}

/** No answer yet, or none at all. */
export const noAnswer = (error?: unknown): Exchange => ({
  status: 0,
  head: '',
  chunks: [],
  received: 0,
  sent: 0,
  begun: 0,
  opening: undefined,
  written: 0,
  firstByte: 0,
  ended: 0,
  error,
});

/** Of a connection that the peer closed. @param begun - whether something of an answer had come */
export function cutOff(begun: boolean): Error {
  const when = begun ? 'in the middle of its answer' : 'without an answer';
  return Object.assign(new Error(`The peer closed the connection ${when}`), { code: 'ECONNRESET' });
}

/** A request that was sent, and is not answered yet. */
export interface Underway {
  /** Gives it up, and returns what of it had gone to and fro. */
  abort(): Exchange | undefined;
}

/** What leads one user to one origin. */
export interface Wire {
  readonly origin: string;
  /** Whether no further request can be sent now. */
  readonly busy: boolean;
  /** Whether nothing is under way. */
  readonly idle: boolean;
  /**
   * Sends the request, and wakes the waiter when the exchange is complete or has failed. With `discard`, the body is
   * counted and not kept.
   */
  send(request: WireRequest, waiter: Waiter<Exchange>, discard: boolean): Underway;
  close(): void;
}

/** What the wires of a thread have in common. */
export interface Means {
  readonly connector: Connector;
  readonly clock: Clock;
  readonly answers: Answers;
}

/** How requests reach their target. */
export interface Transport {
  wire(origin: string): Wire;
}
