// Fastify, Express and Koa with handlers that wait, undici and ws as clients.
'use strict';

const { AsyncLocalStorage } = require('node:async_hooks');
const { once } = require('node:events');
const http = require('node:http');

const express = require('express');
const fastify = require('fastify');
const Koa = require('koa');
const { Agent, request } = require('undici');
const { WebSocket, WebSocketServer } = require('ws');

const { blocking, pause } = require('../blocking.cjs');

const storage = new AsyncLocalStorage();

const answer = blocking((id) =>
  storage.run({ id }, () => ({
    id,
    sorted: [3, 1, 2].sort((a, b) => pause(a - b)),
    text: JSON.parse(JSON.stringify({ toJSON: () => pause(`text ${id} ${'x'.repeat(100)}`) })),
    stored: storage.getStore().id,
  })),
);

const listen = async (server) => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server.address().port;
};

const frameworks = {
  async fastify() {
    const app = fastify();
    app.addHook('preHandler', async () => void (await answer('hook')));
    app.get('/:id', async (request) => answer(request.params.id));
    await app.listen({ port: 0, host: '127.0.0.1' });
    return app.server;
  },
  async express() {
    const app = express();
    app.use((request, response, next) => void blocking(() => (pause(), next()))());
    app.get('/:id', async (request, response) => response.json(await answer(request.params.id)));
    const server = http.createServer(app);
    await listen(server);
    return server;
  },
  async koa() {
    const app = new Koa();
    app.use(async (context, next) => {
      await next();
      context.set('x-slow', await blocking(() => pause('yes'))());
    });
    app.use(async (context) => (context.body = await answer(context.path.slice(1))));
    const server = http.createServer(app.callback());
    await listen(server);
    return server;
  },
};

async function drive(make) {
  const server = await make();
  const dispatcher = new Agent({ connections: 8, pipelining: 2 });
  const base = `http://127.0.0.1:${server.address().port}`;
  const get = async (id) => (await request(`${base}/${id}`, { dispatcher })).body.json();
  const bodies = await Promise.all(Array.from({ length: 100 }, (_, id) => get(id)));
  await dispatcher.close();
  server.close();
  return bodies;
}

async function overWebSockets() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: true });
  server.on('connection', (socket) => {
    socket.on('message', async (data) => socket.send(JSON.stringify(await answer(String(data)))));
  });
  await once(server, 'listening');
  const talk = async (id) => {
    const socket = new WebSocket(`ws://127.0.0.1:${server.address().port}`);
    await once(socket, 'open');
    socket.send(`socket ${id}`);
    const [data] = await once(socket, 'message');
    socket.close();
    return JSON.parse(data);
  };
  const answers = await Promise.all(Array.from({ length: 20 }, (_, id) => talk(id)));
  server.close();
  return answers;
}

(async () => {
  const results = {};
  for (const [name, make] of Object.entries(frameworks)) results[name] = await drive(make);
  results.ws = await overWebSockets();
  console.log(JSON.stringify(results));
})();
