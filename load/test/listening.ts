import type { Http2Server } from 'node:http2';
import type net from 'node:net';
import type { AddressInfo } from 'node:net';

import type { ExecutionContext } from 'ava';
import type { LoadResponse } from 'greenfiber-load';

/** Has a server listen until the test is over, and returns its port. */
export async function listening(
  t: ExecutionContext,
  server: net.Server | Http2Server,
): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => sockets.add(socket));
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

/** An answer in a line: its status and text, or why there is none. */
export const outcome = (answer: LoadResponse): string =>
  answer.failure === undefined
    ? `${answer.status} ${answer.text()}`
    : `${answer.failure.kind}: ${answer.failure.message}`;
