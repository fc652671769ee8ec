import type { Waiter } from '../../scheduler/waiter';

/** A request as it goes out. */
export interface WireRequest {
  readonly origin: string;
  readonly path: string;
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body: string | Uint8Array | undefined;
}

/** What came back. */
export interface Exchange {
  /** 0 when there is no answer. */
  status: number;
  /** Names and values in turn. */
  rawHeaders: readonly (Buffer | string)[];
  readonly chunks: Uint8Array[];
  bytes: number;
  /** When it was complete, on the run's clock. */
  ended: number;
  error: unknown;
}

/** No answer yet, or none at all. */
export const noAnswer = (error?: unknown): Exchange => ({
  status: 0,
  rawHeaders: [],
  chunks: [],
  bytes: 0,
  ended: 0,
  error,
});

/** A connection of one user to one origin; one request at a time. */
export interface Wire {
  readonly origin: string;
  readonly busy: boolean;
  /**
   * Sends the request, and wakes the waiter when the exchange is complete or has failed. With `discard`, the body is
   * counted and not kept.
   */
  send(request: WireRequest, waiter: Waiter<Exchange>, discard: boolean): void;
  /** Gives the request under way up. */
  abort(): void;
  close(): void;
}

/** How requests reach their target. */
export interface Transport {
  wire(origin: string): Wire;
}
