// The echo server of run.mjs, in a process of its own: `node --expose-gc server.mjs VARIANT`. Answers the
// message 'memory' with its resident bytes after a collection, 'cpu' with the microseconds that it has worked, 'state' with
// its open connections and its tasks.
import { once } from 'node:events';
import net from 'node:net';
import { Scheduler, spawn } from 'greenfiber';
import { listen } from 'greenfiber/io';

const HOST = '127.0.0.1';
const BACKLOG = 4096;

const variants = {
  callbacks: () =>
    listening(
      net.createServer((socket) => {
        socket.on('error', () => undefined);
        socket.on('data', (chunk) => {
          if (!socket.write(chunk)) socket.pause().once('drain', () => socket.resume());
        });
      }),
    ),

  async: () =>
    listening(
      net.createServer(async (socket) => {
        try {
          for await (const chunk of socket) {
            if (!socket.write(chunk)) await once(socket, 'drain');
          }
        } catch {
          // the client has gone
        }
      }),
    ),

  fibers: () =>
    new Promise((resolve) => {
      spawn(() => {
        const listener = listen({ port: 0, host: HOST, backlog: BACKLOG });
        resolve(listener.server);
        listener.serve((connection) => {
          for (const chunk of connection) connection.write(chunk);
        });
      });
    }),
};

async function listening(server) {
  server.listen({ port: 0, host: HOST, backlog: BACKLOG });
  await once(server, 'listening');
  return server;
}

const server = await variants[process.argv[2]]();

const answers = {
  async memory() {
    for (let i = 0; i < 3; i++) {
      globalThis.gc();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return { memory: process.memoryUsage.rss() };
  },
  cpu() {
    const { user, system } = process.cpuUsage();
    return { cpu: user + system };
  },
  async state() {
    const connections = await new Promise((resolve) => {
      server.getConnections((_, count) => resolve(count));
    });
    return { connections, tasks: Scheduler.default.stats().alive };
  },
};

process.on('message', async (what) => process.send(await answers[what]()));
process.on('disconnect', () => process.exit());
process.send({ port: server.address().port });
