import { lookup } from 'node:dns';
import net from 'node:net';

import { lazily } from '../lazy';
import type { Proxy } from '../network-options';
import { HttpProtocolError } from './answer-parser';

/** Where a tunnel is to lead. */
export interface Destination {
  readonly host: string;
  readonly port: number;
}

/** A proxy that says more before the tunnel stands is none. */
const MOST_HEAD = 64 * 1024;
/** Requests have timeouts of their own: the longest time that a timer can take. */
const NEVER = 2 ** 31 - 1;

/**
 * Asks a proxy for a tunnel. Where it opens none, `raw` fails.
 *
 * @param raw - the connection to it, which may still be opening
 * @param onStands - given what the other end has said by then
 */
export function openTunnel(
  raw: net.Socket,
  proxy: Proxy,
  to: Destination,
  onStands: (rest: Buffer) => void,
): void {
  if (proxy.protocol === 'http') askHttp(raw, proxy, to, onStands);
  else if (proxy.protocol === 'socks5h' || net.isIP(to.host) !== 0)
    askSocks(raw, proxy, to, onStands);
  else {
    lookup(to.host, (error, host) => {
      if (error === null) askSocks(raw, proxy, { ...to, host }, onStands);
      else raw.destroy(error);
    });
  }
}

export const credentials = (proxy: Proxy): string =>
  proxy.authorization === undefined ? '' : `proxy-authorization: ${proxy.authorization}\r\n`;

function askHttp(
  raw: net.Socket,
  proxy: Proxy,
  { host, port }: Destination,
  onStands: (rest: Buffer) => void,
): void {
  const authority = `${net.isIPv6(host) ? `[${host}]` : host}:${String(port)}`;
  raw.write(`CONNECT ${authority} HTTP/1.1\r\nhost: ${authority}\r\n${credentials(proxy)}\r\n`);
  let text = '';
  const read = (bytes: Buffer): void => {
    text += bytes.toString('latin1');
    const end = text.indexOf('\r\n\r\n');
    if (end < 0 && text.length < MOST_HEAD) return;
    raw.off('data', read);
    const [, status] = /^HTTP\/1\.[01] (\d{3})/.exec(text) ?? [];
    if (status?.startsWith('2') === true && end >= 0) {
      onStands(Buffer.from(text.slice(end + 4), 'latin1'));
      return;
    }
    const said = status === undefined ? 'no HTTP' : `with ${status}`;
    raw.destroy(new HttpProtocolError(`The proxy answered ${said}, and opened no tunnel`));
  };
  raw.on('data', read);
}

function askSocks(
  raw: net.Socket,
  { host, port, user }: Proxy,
  destination: Destination,
  onStands: (rest: Buffer) => void,
): void {
  const { SocksClient } = lazily.socks();
  const named = user === undefined ? {} : { userId: user.name, password: user.password };
  const client = new SocksClient({
    proxy: { host, port, type: 5, ...named },
    command: 'connect',
    destination,
    timeout: NEVER,
  });
  client.on('error', ({ message }: Error) => {
    raw.emit('error', refusal(message)); // it has been destroyed without one
  });
  client.once('established', () => {
    // What it has read too much of, it tells in the next turn.
    const rest: Buffer[] = [];
    const keep = (bytes: Buffer): number => rest.push(bytes);
    raw.on('data', keep);
    setImmediate(() => {
      raw.off('data', keep);
      onStands(Buffer.concat(rest));
    });
  });
  const ask = (): void => {
    client.connect(raw);
  };
  if (raw.connecting) raw.once('connect', ask);
  else ask();
}

/** What SOCKS says of a destination that it could not reach, by the name that `socks` gives it (RFC 1928, 6). */
const REPLIES: Readonly<Record<string, string>> = {
  ConnectionRefused: 'ECONNREFUSED',
  HostUnreachable: 'EHOSTUNREACH',
  NetworkUnreachable: 'ENETUNREACH',
  TTLExpired: 'ETIMEDOUT',
};

/** Without what the library adds, which has the password in it. */
function refusal(message: string): Error {
  const text = `The proxy opened no tunnel: ${message}`;
  const [, reply = ''] = /- (\w+)$/.exec(message) ?? [];
  const code = REPLIES[reply];
  return code === undefined
    ? new HttpProtocolError(text)
    : Object.assign(new Error(text), { code });
}
