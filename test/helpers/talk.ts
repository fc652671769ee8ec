import { group } from 'greenfiber';
import { listen, type Connection, type Listener } from 'greenfiber/io';

export const HOST = '127.0.0.1';

/** Lets `client` talk to a server whose connections `handler` answers; both in tasks. */
export function talk(
  handler: (connection: Connection) => unknown,
  client: (port: number, listener: Listener) => void,
): void {
  // A thousand clients may connect before the event loop gets its turn.
  const listener = listen({ port: 0, host: HOST, backlog: 2000 });
  group((g) => {
    g.spawn(() => listener.serve(handler));
    try {
      client(listener.port, listener);
    } finally {
      listener.close();
    }
  });
}

export const echo = (connection: Connection): void => {
  for (const chunk of connection) connection.write(chunk);
};
