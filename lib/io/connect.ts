import net from 'node:net';
import tls from 'node:tls';

import { checkObject, checkPort, wrongType } from '../base/validators';
import { Waiter } from '../lowlevel/kit';
import { Connection } from './connection';
import { Handle } from './handle';
import { prematureClose } from './stream-error';

/**
 * Opens a TCP connection, or one to a Unix socket, and sleeps until it is there. Cancelled, it is given up.
 *
 * @param to - a port, or the options of `net.connect`
 * @param host - default `localhost`
 * @throws the socket's error (`ECONNREFUSED` and its kin); {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`,
 * `ERR_FIBER_INVALID_ARG_VALUE`, `ERR_FIBER_NOT_IN_FIBER`; the reason of a cancelled scope
 */
export function connect(to: number | net.NetConnectOpts, host = 'localhost'): Connection {
  if (typeof to === 'number') checkPort('to', to);
  const options = typeof to === 'number' ? { port: to, host } : to;
  checkObject('to', options);
  if (typeof host !== 'string') throw wrongType('host', 'a string', host);
  return openSocket('connect', options, 'connect', () =>
    net.connect({ allowHalfOpen: true, ...options }),
  );
}

/**
 * Opens a TCP connection, shakes hands for TLS, and sleeps until both are done. Cancelled, it is given up.
 *
 * @param options - those of `tls.connect`; without a `servername`, the `host` is asked for, unless it is an address
 * @throws the socket's error, as `connect`; {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_NOT_IN_FIBER`;
 * the reason of a cancelled scope
 */
export function connectTls(options: tls.ConnectionOptions): Connection<tls.TLSSocket> {
  checkObject('options', options);
  const servername =
    options.host === undefined || net.isIP(options.host) !== 0 ? {} : { servername: options.host };
  return openSocket('connectTls', options, 'secureConnect', () =>
    tls.connect({ ...servername, ...options }),
  );
}

/**
 * Opens a socket and sleeps until it tells that it is open, by `event`.
 *
 * @param what - names the sleep, and `subject` what it is for, in reports
 */
function openSocket<S extends net.Socket>(
  what: string,
  subject: object,
  event: 'connect' | 'secureConnect',
  open: () => S,
): Connection<S> {
  const waiter = Waiter.begin<undefined>(what, subject);
  const socket = open();
  const connection = new Connection(socket);
  const settle = {
    [event]: () => waiter.wake(undefined),
    error: (error: unknown) => waiter.fail(error),
    close: () => waiter.fail(prematureClose('read')),
  };
  const events = Object.entries(settle);
  for (const [event, listener] of events) socket.once(event, listener);
  try {
    Handle.of(socket).park(waiter, () => socket.destroy());
  } finally {
    for (const [event, listener] of events) socket.off(event, listener);
  }
  return connection;
}
