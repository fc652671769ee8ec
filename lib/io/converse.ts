import { type FiberErrorCode } from '../base/error-codes';
import { FiberError } from '../base/errors';
import { isCancellation, settled } from '../lowlevel/kit';
import type { Connection } from './connection';

/**
 * What {@link Listener.serve} does with the errors of a connection; undefined: an error of the listener itself. An async
 * function is waited for.
 */
export type OnConnectionError = (error: unknown, connection: Connection | undefined) => unknown;

/** What a peer can bring about, whatever the handler does. */
const PEERS_FAULTS: readonly FiberErrorCode[] = [
  'ERR_FRAME_TOO_LONG',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_STREAM_TRUNCATED',
];

/** Lets `handler` talk on a connection, in the running task, which is closed afterwards in any case. */
export function converse(
  connection: Connection,
  handler: (connection: Connection) => unknown,
  onError: OnConnectionError | undefined,
): void {
  try {
    settled('Listener.serve', handler(connection));
    if (!connection.socket.destroyed) connection.close();
  } catch (error) {
    if (isCancellation(error)) throw error;
    if (onError !== undefined) settled('onError', onError(error, connection));
    else if (!isPeersFault(error, connection)) throw error;
  } finally {
    connection.destroy();
  }
}

function isPeersFault(error: unknown, connection: Connection): boolean {
  if (error === connection.socket.errored) return true;
  return error instanceof FiberError && PEERS_FAULTS.includes(error.code);
}
