// `shutdown` ends, whatever the clients do, for servers of ours and of others.
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';

import test, { type ExecutionContext } from 'ava';
import { sleep, type FiberError } from 'greenfiber';
import { createServer, fiberHandler, send, shutdown, text } from 'greenfiber/http';

import { runChild } from '../helpers/child';
import { refused } from '../helpers/codes';
import { noTaskLeft, raw, started, until } from '../helpers/http';
import { caught } from '../helpers/in-task';
import { tlsClient, tlsServer } from '../helpers/tls';

const express = require('express');
const { fastify } = require('fastify');
const Koa = require('koa');

test.afterEach(noTaskLeft);

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const UPGRADE = 'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: chat\r\nConnection: Upgrade\r\n\r\n';
const CONNECT = 'CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n';
const STALLED = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf';

/** Fails where it takes longer than five seconds. */
async function inTime<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('hangs')), 5000);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Sockets that clients took over from the server stay open until somebody closes them. */
function takeOver(server: http.Server | https.Server): void {
  for (const event of ['upgrade', 'connect']) {
    server.on(event, (_request: unknown, socket: net.Socket) => {
      socket.on('error', () => undefined);
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nUpgrade: chat\r\nConnection: Upgrade\r\n\r\n',
      );
    });
  }
}

const block = (): void => sleep(Infinity);
const servers: Record<string, () => http.Server> = {
  createServer: () => createServer(block, { onError: () => undefined }),
  'node:http': () =>
    http.createServer((request) => {
      request.resume();
    }),
  'fiberHandler in node:http': () => http.createServer(fiberHandler(block) as never),
};

for (const [name, make] of Object.entries(servers)) {
  test.serial(`${name}: shutdown(grace) ends with every kind of connection open`, async (t) => {
    const server = make();
    takeOver(server);
    const base = await started(t, server);
    const requests = ['', 'GET / HT', 'GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ', GET, GET + GET];
    const kinds = [...requests, `${GET}GET / HT`, STALLED, UPGRADE, CONNECT];
    const clients = await Promise.all(kinds.map((kind) => raw(base, kind)));
    await until(() => clients.slice(-2).every(({ answer }) => answer().startsWith('HTTP/1.1 101')));
    clients[3]!.socket.pause();
    await inTime(shutdown(server, 100));
    clients[3]!.socket.resume();
    await inTime(until(() => clients.every(({ socket }) => socket.closed)));
    t.is(server.listening, false);
  });
}

test.serial(
  'without a grace it ends as well, where no request and no taken socket is left',
  async (t) => {
    const server = createServer((_, response) => {
      sleep(50);
      send(response, 'answered');
    });
    const base = await started(t, server);
    const slow = await raw(base, 'GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    const busy = await raw(base, `${GET}GET / HT`);
    const idle = await raw(base, GET);
    await until(() => idle.answer().endsWith('answered') && server.active === 0);
    await inTime(shutdown(server));
    await until(() => [slow, busy, idle].every(({ socket }) => socket.closed));
    t.regex(busy.answer(), /answered$/);
  },
);

const sent: [what: string, before: string, after: string][] = [
  ['a head that is half sent may be completed', 'GET / HTTP/1.1\r\nHost: x\r\n', '\r\n'],
  ['a connection that has sent nothing yet may send its request', '', GET],
];
for (const [what, before, after] of sent) {
  test.serial(`${what}, and is answered`, async (t) => {
    const server = createServer((_, response) => send(response, 'answered'));
    const client = await raw(await started(t, server), before);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const closed = server.shutdown();
    await new Promise((resolve) => setTimeout(resolve, 100));
    client.socket.write(after);
    await inTime(closed);
    await until(() => client.socket.closed);
    t.regex(client.answer(), /Connection: close[^]*answered$/i);
  });
}

test.serial('a request whose body stalls has its requestTimeout', async (t) => {
  let error: unknown;
  const server = createServer(
    (request) => {
      error = caught(() => text(request));
      throw error;
    },
    { requestTimeout: 300 },
  );
  await raw(await started(t, server), STALLED);
  await until(() => server.active === 1);
  await inTime(server.shutdown());
  await noTaskLeft();
  t.true(['ERR_HTTP_CLIENT_GONE', 'ECONNRESET'].includes((error as FiberError).code));
});

test.serial(
  'all pipelined requests are answered, and the last one says that it is the last',
  async (t) => {
    const make = [
      () =>
        createServer((request, response) => {
          sleep(30);
          send(response, `<${request.url!}>`);
        }),
      () =>
        http.createServer((request, response) => {
          setTimeout(() => response.end(`<${request.url!}>`), 30);
        }),
    ];
    for (const server of make.map((one) => one())) {
      let met = 0;
      server.on('request', () => met++);
      const requests = [1, 2, 3].map((i) => `GET /${i} HTTP/1.1\r\nHost: x\r\n\r\n`).join('');
      const { socket, answer } = await raw(await started(t, server), requests);
      await until(() => met === 3);
      await inTime(shutdown(server));
      await until(() => socket.closed);
      t.deepEqual(answer().match(/<\/\d>/g), ['</1>', '</2>', '</3>']);
      await noTaskLeft();
    }
  },
);

test.serial('an answer that a slow client has not read yet is not cut off', async (t) => {
  const size = 64 << 20;
  const server = createServer((_, response) => send(response, Buffer.alloc(size)));
  const base = await started(t, server);
  const socket = net.connect(Number(new URL(base).port), '127.0.0.1');
  socket.write(GET);
  await until(() => socket.bytesRead > 0);
  const closed = server.shutdown();
  await new Promise((resolve) => setTimeout(resolve, 200));
  let received = 0;
  socket.on('data', (chunk) => (received += chunk.length));
  await inTime(closed);
  await once(socket, 'close');
  t.true(received > size, String(received));
});

test.serial('TLS: handshakes, taken sockets and half requests end', async (t) => {
  for (const handler of [
    fiberHandler(block),
    (request: http.IncomingMessage) => void request.resume(),
  ]) {
    const server = https.createServer(tlsServer, handler as never);
    takeOver(server);
    const base = await started(t, server);
    const { port } = server.address() as AddressInfo;
    const secure = async (request: string): Promise<tls.TLSSocket> => {
      const socket = tls.connect({ port, ...tlsClient });
      socket.on('error', () => undefined).resume();
      await once(socket, 'secureConnect');
      socket.write(request);
      return socket;
    };
    const clients: net.Socket[] = [];
    for (const kind of ['', 'GET / HT', GET, STALLED, UPGRADE, CONNECT]) {
      clients.push(await secure(kind));
    }
    clients.push((await raw(base)).socket, (await raw(base, 'no TLS hello')).socket);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await inTime(shutdown(server, 100));
    await inTime(until(() => clients.every((socket) => socket.closed)));
    await noTaskLeft();
    t.is(server.listening, false);
  }
});

test.serial('TLS: what is under way is answered', async (t) => {
  const server = https.createServer(tlsServer, (_, response) => {
    setTimeout(() => response.end('answered'), 1500);
  });
  await started(t, server);
  const { port } = server.address() as AddressInfo;
  const agent = new https.Agent({ keepAlive: true });
  const body = new Promise((resolve, reject) => {
    const request = https.get({ port, agent, ...tlsClient }, (response) => {
      response.setEncoding('utf8').on('data', resolve);
    });
    request.on('error', reject);
  });
  await until(() => server.listening);
  await once(server, 'request');
  await inTime(shutdown(server));
  t.is(await body, 'answered');
  agent.destroy();
});

type Framework = (
  t: ExecutionContext,
) => Promise<{ base: string; stop: (grace: number) => Promise<void> }>;
const handler = (): string => sleep(30) ?? 'answered';

const frameworks: Record<string, Framework> = {
  express: async (t) => {
    const app = express();
    app.get(
      '/',
      fiberHandler((_: unknown, response: http.ServerResponse) => send(response, handler())),
    );
    const server = http.createServer(app);
    return { base: await started(t, server), stop: (grace) => shutdown(server, grace) };
  },
  koa: async (t) => {
    const app = new Koa();
    app.use(fiberHandler((context: { body: unknown }) => void (context.body = handler())));
    const server = http.createServer(app.callback());
    return { base: await started(t, server), stop: (grace) => shutdown(server, grace) };
  },
  fastify: async (t) => {
    const app = fastify();
    app.get('/', fiberHandler(handler));
    let closed = false;
    app.addHook('onClose', (_: unknown, done: () => void) => {
      closed = true;
      done();
    });
    const base = await app.listen({ port: 0, host: 'localhost' });
    const stop = async (grace: number): Promise<void> => {
      await shutdown(app, grace);
      t.true(closed);
    };
    return { base: base.replace('[::1]', '127.0.0.1').replace('localhost', '127.0.0.1'), stop };
  },
};

for (const [name, framework] of Object.entries(frameworks)) {
  test.serial(`${name}: what is under way is answered, the rest ends`, async (t) => {
    const { base, stop } = await framework(t);
    const slow = await raw(base, 'GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    const busy = await raw(base, GET);
    const silent = await raw(base);
    await new Promise((resolve) => setTimeout(resolve, 15));
    const stopped = inTime(stop(3000));
    await new Promise((resolve) => setTimeout(resolve, 100));
    silent.socket.write(GET);
    await stopped;
    await until(() => [slow, busy, silent].every(({ socket }) => socket.closed));
    t.regex(busy.answer(), /200 OK[^]*answered$/);
    // Fastify has its own answer for what comes while it closes.
    t.regex(silent.answer(), name === 'fastify' ? /503 [^]*503\}$/ : /200 OK[^]*answered$/);
  });
}

test.serial('fastify: a hook that hangs does not keep it beyond its grace', async (t) => {
  const app = fastify();
  app.addHook('onClose', () => new Promise(() => undefined));
  const base = await app.listen({ port: 0, host: '127.0.0.1' });
  await raw(base, 'GET / HT');
  await inTime(shutdown(app, 100));
  t.false(app.server.listening);
});

test.serial(
  'a server that was closed before, or never listened, is shut down as well',
  async (t) => {
    await inTime(shutdown(http.createServer(), 10));
    const server = createServer(block, { onError: () => undefined });
    await raw(await started(t, server), GET);
    await until(() => server.active === 1);
    server.close();
    await inTime(server.shutdown(50));
    t.is(server.active, 0);
  },
);

test.serial('a second call may have a shorter grace, and a server may listen again', async (t) => {
  const server = createServer(block, { onError: () => undefined });
  await raw(await started(t, server), GET);
  await until(() => server.active === 1);
  const both = Promise.all([server.shutdown(), server.shutdown(20)]);
  await inTime(both);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await inTime(server.shutdown());
  t.is(server.listenerCount('request'), 1);
});

test.serial('what is no server is told', (t) => {
  for (const wrong of [undefined, {}, express(), new Koa(), net.createServer()]) {
    refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => void shutdown(wrong as never));
  }
  refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () => void shutdown(http.createServer(), -1));
});

test.serial(
  'sockets that were taken over before greenfiber was loaded are closed, too',
  async (t) => {
    const program = `
    const net = require('node:net');
    const server = require('node:http').createServer();
    server.on('upgrade', (_, socket) => {
      socket.on('error', () => {}).on('close', () => console.log('closed')).write('taken');
    });
    server.listen(0, '127.0.0.1', () => {
      const client = net.connect(server.address().port, '127.0.0.1');
      client.write('GET / HTTP/1.1\\r\\nHost: x\\r\\nUpgrade: x\\r\\nConnection: upgrade\\r\\n\\r\\n');
      client.on('error', () => {}).once('data', async () => {
        await require('greenfiber/http').shutdown(server, 50);
        console.log('down');
      });
    });
  `;
    const { code, stdout } = await runChild(program, { timeout: 10_000 });
    t.deepEqual([code, stdout.trim().split('\n').toSorted()], [0, ['closed', 'down']]);
  },
);
