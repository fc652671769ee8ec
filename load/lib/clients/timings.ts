import type net from 'node:net';

import type { Clock } from 'greenfiber/lowlevel';

import type { Exchange } from './transport';

/** Where the time of a request went, in milliseconds. All together are its duration. */
export interface Timings {
  /** From when it was due to when it began: no user was free, or the one that there was came late. */
  readonly blocked: number;
  /** Looking up the name; 0 over a connection that was open, as are the two that follow. */
  readonly dns: number;
  readonly connecting: number;
  readonly tls: number;
  /** Until the system had taken all of it. */
  readonly sending: number;
  /** Until the first byte of the answer came. */
  readonly waiting: number;
  /** Until the last one had come. */
  readonly receiving: number;
}

/** When a connection that was opened for a request had come how far; 0 where it did not come to that. */
export interface Opening {
  lookedUp: number;
  connected: number;
  secured: number;
}

export const notOpened = (): Opening => ({ lookedUp: 0, connected: 0, secured: 0 });

/** Notes when the name was looked up, and when the connection stood. */
export function noteOpening(socket: net.Socket, opening: Opening, clock: Clock): void {
  if (!socket.connecting) return;
  const lookedUp = (): void => {
    opening.lookedUp = clock.now();
  };
  socket.once('lookup', lookedUp).once('connect', () => {
    socket.off('lookup', lookedUp); // there is none for an address
    opening.connected = clock.now();
  });
}

/** @param due - when it should have begun */
export function timingsOf(exchange: Exchange, due: number): Timings {
  const { begun, opening, written, ended } = exchange;
  let at = due;
  /** What passed until then; nothing where it did not come to that. */
  const until = (next: number): number => {
    if (next <= at) return 0;
    const passed = next - at;
    at = next;
    return passed;
  };
  return {
    blocked: until(begun),
    dns: until(opening?.lookedUp ?? 0),
    connecting: until(opening?.connected ?? 0),
    tls: until(opening?.secured ?? 0),
    sending: until(written),
    waiting: until(exchange.firstByte === 0 ? ended : exchange.firstByte),
    receiving: until(ended),
  };
}
