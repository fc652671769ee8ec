import { once } from 'node:events';
import type http from 'node:http';
import net, { type AddressInfo } from 'node:net';

import type { ExecutionContext } from 'ava';
import { Scheduler } from 'greenfiber';

/** Starts a server on a free port of the loopback address, and closes it when the test ends. */
export async function started(t: ExecutionContext, server: http.Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    (server as Partial<http.Server>).closeAllConnections?.();
  });
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

/** A bare connection to a server, and everything that it has answered so far. */
export interface Raw {
  socket: net.Socket;
  answer: () => string;
}

export async function raw(base: string, request = ''): Promise<Raw> {
  const socket = net.connect(Number(new URL(base).port), '127.0.0.1');
  let answer = '';
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => (answer += chunk.toString()));
  await once(socket, 'connect');
  socket.write(request);
  return { socket, answer: () => answer };
}

/** Waits until `condition` holds. */
export async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries > 20_000) throw new Error(`never: ${String(condition)}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Waits until no task is left on the default scheduler, which the event loop's callbacks spawn on. */
export function noTaskLeft(): Promise<void> {
  return until(() => Scheduler.default.stats().alive === 0);
}
