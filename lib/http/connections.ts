import { subscribe } from 'node:diagnostics_channel';
import type { Server, Socket } from 'node:net';

import { watchSessions } from './sessions';

/**
 * Open connections of HTTP servers, those that were upgraded included, which Node's own servers lose sight of. A server
 * is here while it has some.
 */
const open = new Map<Server, Set<Socket>>();

/** Servers whose connections are watched from the server's own events, too. */
const watched = new WeakSet<Server>();

/** The open connections of a server; one of TLS also before its handshake is over. */
export function connectionsOf(server: Server): ReadonlySet<Socket> {
  return open.get(server) ?? NONE;
}

const NONE: ReadonlySet<Socket> = new Set();

/** Connections of a server, also those that it accepted before this module was loaded. */
export function allConnectionsOf(server: Server): Socket[] {
  const { _getActiveHandles } = process as { _getActiveHandles?: () => (Socket & Served)[] };
  const handles = _getActiveHandles?.() ?? [];
  return [...connectionsOf(server), ...handles.filter((handle) => handle.server === server)];
}

interface Served {
  /** Which a socket was accepted by. */
  readonly server?: Server;
}

/** Servers with open connections. */
export function serversInUse(): Iterable<Server> {
  return open.keys();
}

/** Watches the connections of a server that has none yet, also those that are pushed with `emit('connection')`. */
export function watchConnections(server: Server): void {
  if (watched.has(server)) return;
  watched.add(server);
  watchSessions(server);
  server.on('connection', (socket: Socket) => {
    add(server, socket);
  });
  server.on('secureConnection', (socket: Socket & { _parent?: Socket }) => {
    add(server, socket);
    if (socket._parent !== undefined) remove(server, socket._parent);
  });
}

function add(server: Server, socket: Socket): void {
  if (socket.destroyed) return;
  let sockets = open.get(server);
  if (sockets === undefined) open.set(server, (sockets = new Set()));
  if (sockets.has(socket)) return;
  sockets.add(socket);
  socket.on('close', () => {
    remove(server, socket);
  });
}

function remove(server: Server, socket: Socket): void {
  const sockets = open.get(server);
  sockets?.delete(socket);
  if (sockets?.size === 0) open.delete(server);
}

// Of servers that others made, from the first connection on.
subscribe('net.server.socket', (message) => {
  const { socket } = message as { socket: Socket & Served };
  const { server } = socket;
  if (server === undefined || !isHttp(server)) return;
  watchConnections(server);
  add(server, socket);
});

/** Servers of node:http, node:https and node:http2 have a `setTimeout`; others do not. */
export function isHttp(server: object): server is Server {
  const { setTimeout, close } = server as { setTimeout?: unknown; close?: unknown };
  return typeof setTimeout === 'function' && typeof close === 'function';
}
