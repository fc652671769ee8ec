import type net from 'node:net';
import type tls from 'node:tls';

import { connect as connectTcp, connectTls, type Connection } from 'greenfiber/io';
import { checkObject } from 'greenfiber/lowlevel';

import { countError } from '../count-error';
import { tagsOf, vu, type VirtualUser } from '../vu';

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
    const tags = tagsOf(user);
    const took = Math.max(0, clock.now() - start);
    recorder.registry.metric(`${protocol}_connects`, 'counter').with(tags).add(1);
    recorder.registry.metric(`${protocol}_connecting`, 'trend', 'ms').with(tags).add(took);
    recorder.sampled(`${protocol}_connecting`, took, tags);
    return connection;
  } catch (error) {
    countError(user, error, tagsOf(user));
    throw error;
  }
}

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

/** TLS in blocking style: a `Connection` of greenfiber/io over a `TLSSocket`. */
export const tlsClient = {
  /**
   * Connects and shakes hands, and sleeps until it is done; see {@link tcp}.
   *
   * @param options - those of `tls.connect`
   * @throws as `tcp.connect`
   */
  connect: (options: tls.ConnectionOptions): Connection<tls.TLSSocket> =>
    opened('tls', (user) => {
      checkObject('options', options);
      const { insecure, tls: own } = user.context.plan.network;
      return connectTls({ ...own, rejectUnauthorized: !insecure, ...options });
    }),
};
