import type { ServerResponse } from 'node:http';
import { finished, type Readable } from 'node:stream';

import { observe } from '../scheduler/promise-watch';
import { wait } from '../scheduler/wait';

/** A stream that goes out as the body of a response. */
interface Sending {
  readonly stream: Readable;
  /** Fulfilled when all of it was handed over; rejected with what the stream met. */
  readonly end: Promise<void>;
}

const underWay = new WeakMap<ServerResponse, Sending>();

/** Sends a stream as the body of a response. When the client leaves, the stream is destroyed. */
export function sendStream(
  response: ServerResponse,
  stream: Readable,
  onFailure: (error: unknown) => void,
): void {
  const end = new Promise<void>((resolve, reject) => {
    const leave = (): void => {
      stream.destroy();
    };
    response.on('close', leave);
    finished(stream, { writable: false }, (error) => {
      response.off('close', leave);
      if (error === undefined || error === null) {
        resolve();
        return;
      }
      stream.unpipe(response);
      if (underWay.has(response)) onFailure(error);
      reject(error);
    });
    // What comes of a stream that was destroyed already is told above.
    stream.on('error', () => undefined);
  });
  observe(end);
  underWay.set(response, { stream, end });
  if (response.destroyed) stream.destroy();
  else stream.pipe(response);
}

/** Whether a stream goes out, or has gone out, as the body of a response. */
export function isSending(response: ServerResponse): boolean {
  return underWay.has(response);
}

/**
 * Sleeps until the stream that is the body of a response has been handed over, if there is one.
 *
 * @throws what the stream met; the reason of a cancelled scope
 */
export function waitUntilSent(response: ServerResponse): void {
  const sending = underWay.get(response);
  if (sending !== undefined) wait(sending.end);
}

/** From now on nothing more of a stream goes to a response; false: none did. */
export function stopSending(response: ServerResponse): boolean {
  const sending = underWay.get(response);
  if (sending === undefined) return false;
  underWay.delete(response);
  sending.stream.unpipe(response);
  sending.stream.destroy();
  return true;
}
