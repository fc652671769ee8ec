import net from 'node:net';

import { checkInteger, checkObject, checkPort, wrongType } from '../base/validators';
import { Waiter } from '../lowlevel/kit';
import { Handle } from './handle';
import { Listener } from './listener';

export interface ListenOptions extends net.ListenOptions {
  /** Connections open at a time; more are dropped. Default: any number. */
  maxConnections?: number;
  /** Connections that wait to be accepted; more are dropped. Default 1024. */
  maxPending?: number;
}

/**
 * Listens for TCP connections, or at a Unix socket (`{ path }`), and sleeps until it does.
 *
 * @param at - a port, 0 for any free one, or the options of `server.listen`
 * @param host - default: every address of the machine
 * @throws the server's error (`EADDRINUSE` and its kin); {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`,
 * `ERR_FIBER_INVALID_ARG_VALUE`, `ERR_FIBER_NOT_IN_FIBER`; the reason of a cancelled scope
 */
export function listen(at: number | ListenOptions, host?: string): Listener {
  if (host !== undefined && typeof host !== 'string') throw wrongType('host', 'a string', host);
  if (typeof at === 'number') checkPort('at', at);
  const options = typeof at === 'number' ? { port: at, ...(host && { host }) } : at;
  checkObject('at', options);
  const { maxConnections, maxPending = 1024, ...where }: ListenOptions = options;
  checkInteger('at.maxPending', maxPending, 0, 2 ** 32);
  const waiter = Waiter.begin<undefined>('listen', options);
  const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true });
  if (maxConnections !== undefined) {
    checkInteger('at.maxConnections', maxConnections, 1, 2 ** 32);
    server.maxConnections = maxConnections;
  }
  const listener = new Listener(server, maxPending);
  const listening = (): void => {
    waiter.wake(undefined);
  };
  const fail = (error: unknown): void => {
    waiter.fail(error);
  };
  server.once('listening', listening).once('error', fail).listen(where);
  try {
    Handle.of(server).park(waiter, () => {
      listener.close();
    });
  } finally {
    server.off('listening', listening).off('error', fail);
  }
  return listener;
}
