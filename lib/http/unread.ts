import type { IncomingMessage, ServerResponse } from 'node:http';

import { realClock } from '../lowlevel/kit';

/** Milliseconds that a client has to see its answer and stop sending. */
const LINGER = 2000;

/**
 * Sends `message`, all of an answer's body, and ends the answer when the client has stopped sending its request. A
 * connection that is closed over bytes that nobody has read is reset, and with it goes the answer if the client has not
 * read it yet; so the rest of the request is thrown away as it comes. It is what nginx calls a lingering close.
 */
export function answerOverUnread(
  request: IncomingMessage,
  response: ServerResponse,
  message: string,
): void {
  response.write(message);
  const end = (): void => {
    timer.cancel();
    request.off('close', end).off('end', end);
    response.end();
  };
  const timer = realClock.setTimer(LINGER, end, false);
  request.once('close', end).once('end', end);
  request.unpipe();
  request.removeAllListeners('readable').removeAllListeners('data').resume();
}
