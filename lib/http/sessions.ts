import type { Server } from 'node:net';

/** A connection of HTTP/2, as far as we use it. */
interface Session {
  /** Takes no further requests, and ends when those under way are answered. */
  close(): void;
  once(event: 'close', listener: () => void): unknown;
}

/** Open sessions of servers of HTTP/2. */
const open = new WeakMap<Server, Set<Session>>();

/** Watches the sessions of a server: before Node 24 they do not end when it is closed. Those of HTTP/1 have none. */
export function watchSessions(server: Server): void {
  const add = (session: Session | undefined): void => {
    if (session === undefined) return; // its client has gone
    let sessions = open.get(server);
    if (sessions === undefined) open.set(server, (sessions = new Set()));
    if (sessions.has(session)) return;
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  };
  server.on('session', add);
  // The first one began before anybody knew of the server.
  server.on('stream', (stream: { session?: Session }) => {
    add(stream.session);
  });
}

/** Tells the clients of a server that no further request is taken; requests under way are answered. */
export function closeSessions(server: Server): void {
  for (const session of open.get(server) ?? []) session.close();
}
