// The server of run.mjs, in a process of its own: `node --expose-gc server.mjs VARIANT [echo|lines]`. Answers the
// message 'memory' with its resident bytes after a collection, 'cpu' with the microseconds that it has worked, 'state' with
// its open connections and its tasks.
import { once } from 'node:events';
import net from 'node:net';
import { Scheduler, spawn } from 'greenfiber';
import { listen } from 'greenfiber/io';

const HOST = '127.0.0.1';
const BACKLOG = 4096;

const [variant, protocol = 'echo'] = process.argv.slice(2);
const { [protocol]: handler } = await import(`../../examples/echo/${variant}.mjs`);

const listeningFiber = () =>
  new Promise((resolve) => {
    spawn(() => {
      const listener = listen({ port: 0, host: HOST, backlog: BACKLOG });
      resolve(listener.server);
      listener.serve(handler);
    });
  });

async function listening(server) {
  server.listen({ port: 0, host: HOST, backlog: BACKLOG });
  await once(server, 'listening');
  return server;
}

const server = await (variant === 'fibers'
  ? listeningFiber()
  : listening(net.createServer({ allowHalfOpen: true }, handler)));

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
