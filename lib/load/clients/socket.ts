import net from 'node:net';
import tls from 'node:tls';

import { isCancellation } from '../../io/cancellation';
import { connect as connectTcp, openSocket } from '../../io/connect';
import type { Connection } from '../../io/connection';
import { checkObject } from '../../options';
import { vu, type VirtualUser } from '../vu';

/**
 * Runs `open` and counts it: `<protocol>_connects`, `<protocol>_connecting` (milliseconds), and what it throws as an
 * error by its kind. What it opens is closed with the iteration, at the latest.
 */
export function opened<T extends { destroy(): void }>(
  protocol: string,
  open: (user: VirtualUser) => T,
): T {
  const user = vu();
  const { recorder, clock } = user.context;
  const start = user.intended ?? clock.now();
  user.intended = undefined;
  try {
    const connection = open(user);
    user.open.push(connection);
    recorder.registry.metric(`${protocol}_connects`, 'counter').with(user.tags).add(1);
    recorder.registry
      .metric(`${protocol}_connecting`, 'trend', 'ms')
      .with(user.tags)
      .add(clock.now() - start);
    return connection;
  } catch (error) {
    if (error instanceof Error && !isCancellation(error)) {
      recorder.error(error, user.tags);
      recorded.add(error);
    }
    throw error;
  }
}

/** Errors that were counted where they happened, and are not to be counted again when they end an iteration. */
export const recorded = new WeakSet<object>();

/** TCP in blocking style: a `Connection` of greenfiber/io. */
export const tcp = {
  /**
   * Connects, and sleeps until it is done. The connection is closed at the end of the iteration, if not before.
   *
   * @throws the socket's error, which is counted by its kind; {@link FiberError} `ERR_LOAD_NO_USER`,
   * `ERR_FIBER_INVALID_ARG_TYPE`; the reason of a cancelled scope
   */
  connect: (to: number | net.NetConnectOpts, host?: string): Connection =>
    opened('tcp', () => connectTcp(to, host)),
};

function connectTls(options: tls.ConnectionOptions, insecure: boolean): Connection<tls.TLSSocket> {
  checkObject('options', options);
  const servername =
    options.host === undefined || net.isIP(options.host) !== 0 ? {} : { servername: options.host };
  return openSocket('tls.connect', options, 'secureConnect', () =>
    tls.connect({ ...servername, rejectUnauthorized: !insecure, ...options }),
  );
}

/** TLS in blocking style: a `Connection` of greenfiber/io over a `TLSSocket`. */
export const tlsClient = {
  /**
   * Connects and shakes hands, and sleeps until it is done; see {@link tcp}.
   *
   * @param options - those of `tls.connect`
   * @throws as `tcp.connect`
   */
  connect: (options: tls.ConnectionOptions): Connection<tls.TLSSocket> =>
    opened('tls', (user) => connectTls(options, user.context.plan.insecure)),
};
