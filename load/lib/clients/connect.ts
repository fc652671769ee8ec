import net from 'node:net';
import tls from 'node:tls';

import type { Network } from '../network-options';
import { HttpProtocolError } from './answer-parser';
import type { WireRequest } from './transport';
import { credentials, openTunnel } from './tunnels';

/** What sockets read into, one after the other: what of it is kept is copied. */
const SHARED = Buffer.allocUnsafeSlow(64 * 1024);

/** What is spoken over a connection, by its name in the handshake of TLS (ALPN). */
export type Protocol = 'h2' | 'http/1.1';
export type Protocols = readonly Protocol[];

/** How connections are opened, for all users of a thread. */
export class Connector {
  readonly #network: Network;
  /** One for all connections: certificates are read once. */
  #secure: tls.SecureContext | undefined = undefined;

  constructor(network: Network) {
    this.#network = network;
  }

  /**
   * Opens a connection.
   *
   * @param onBytes - told of bytes that come, which are no longer there once it has returned
   */
  open(origin: string, onBytes: (bytes: Buffer) => void): net.Socket {
    const { unixSocket, proxy } = this.#network;
    const target = targetOf(origin);
    if (target.isSecure) {
      const { host, port } = target;
      const to = unixSocket === undefined ? { host, port } : { path: unixSocket };
      return tls
        .connect({ ...to, ...this.#tls(host, ['http/1.1']) })
        .setNoDelay(true)
        .on('data', onBytes);
    }
    const to = proxy ?? target;
    const socket = net.connect({
      ...(unixSocket === undefined ? { host: to.host, port: to.port } : { path: unixSocket }),
      noDelay: true,
      onread: {
        buffer: SHARED,
        callback: (count, buffer) => {
          onBytes((buffer as Buffer).subarray(0, count));
          return true;
        },
      },
    });
    return socket.resume(); // else the end of the connection is never seen
  }

  /** Opens a connection that nothing reads yet, without a tunnel. */
  direct(origin: string, protocols: Protocols): net.Socket {
    const { unixSocket } = this.#network;
    const { isSecure, host, port } = targetOf(origin);
    const to = unixSocket === undefined ? { host, port } : { path: unixSocket };
    return isSecure
      ? tls.connect({ ...to, ...this.#tls(host, protocols) }).setNoDelay(true)
      : net.connect({ ...to, noDelay: true });
  }

  /** Whether the proxy is asked for a tunnel first: one that forwards does so with HTTP/1.1 in clear text alone. */
  needsTunnel(origin: string, protocol: Protocol = 'http/1.1'): boolean {
    const { proxy } = this.#network;
    if (proxy === undefined) return false;
    return proxy.protocol !== 'http' || origin.startsWith('https:') || protocol === 'h2';
  }

  /**
   * Opens a connection to the proxy and asks it for a tunnel.
   *
   * @param onOpen - given the connection through it, on which the handshake of TLS is still to come
   */
  tunnel(origin: string, protocols: Protocols, onOpen: (socket: net.Socket) => void): net.Socket {
    const { isSecure, host, port } = targetOf(origin);
    const { proxy } = this.#network;
    if (proxy === undefined) throw new Error('asked for without a proxy');
    const raw = net.connect({ host: proxy.host, port: proxy.port, noDelay: true });
    openTunnel(raw, proxy, { host, port }, (rest) => {
      if (isSecure && rest.length > 0) {
        // A server of TLS never speaks first; one of HTTP/2 in clear text may.
        raw.destroy(new HttpProtocolError('The proxy said more than that the tunnel stands'));
        return;
      }
      if (!isSecure) raw.pause();
      if (rest.length > 0) raw.unshift(rest);
      onOpen(isSecure ? tls.connect({ socket: raw, ...this.#tls(host, protocols) }) : raw);
    });
    return raw;
  }

  /** A request as a proxy wants it that is to forward it: with its target in full. */
  forward(request: WireRequest): WireRequest {
    const { proxy } = this.#network;
    const { origin, method, path, head } = request;
    if (proxy?.protocol !== 'http' || origin.startsWith('https:')) return request;
    const line = head.indexOf('\r\n') + 2;
    const full =
      `${method} ${origin}${head.slice(method.length + 1, line)}${credentials(proxy)}` +
      head.slice(line);
    return {
      ...request,
      path: `${origin}${path}`,
      head: full,
      size: request.size - head.length + full.length,
    };
  }

  #tls(host: string, protocols: Protocols): tls.ConnectionOptions {
    this.#secure ??= tls.createSecureContext(this.#network.tls);
    return {
      secureContext: this.#secure,
      rejectUnauthorized: !this.#network.insecure,
      ALPNProtocols: [...protocols],
      // An address is no name to ask for, but one that the certificate has to be of.
      ...(net.isIP(host) === 0 ? { servername: host } : { host }),
    };
  }
}

interface Target {
  readonly isSecure: boolean;
  readonly host: string;
  readonly port: number;
}

function targetOf(origin: string): Target {
  const { protocol, hostname, port } = new URL(origin);
  const isSecure = protocol === 'https:';
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return { isSecure, host, port: Number(port || (isSecure ? 443 : 80)) };
}
