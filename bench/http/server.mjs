// The server of run.mjs, in a process of its own: `node server.mjs fiber|async [plain|lookup]`. One server of
// node:http serves both variants, told apart by nothing but the handler that it is given; prints its port.
import http from 'node:http';
import { wait } from 'greenfiber';
import { createServer } from 'greenfiber/http';

const [variant, work = 'lookup'] = process.argv.slice(2);

// What a handler waits for: something that is settled one turn of the event loop later.
const lookup = () => new Promise((resolve) => setImmediate(resolve, 'Hello, world!\n'));

const headers = { 'content-type': 'text/plain', 'content-length': 14 };

const handlers = {
  async: {
    plain: async (request, response) => {
      response.writeHead(200, headers);
      response.end('Hello, world!\n');
    },
    lookup: async (request, response) => {
      const body = await lookup();
      response.writeHead(200, headers);
      response.end(body);
    },
  },
  fiber: {
    plain: (request, response) => {
      response.writeHead(200, headers);
      response.end('Hello, world!\n');
    },
    lookup: (request, response) => {
      const body = wait(lookup());
      response.writeHead(200, headers);
      response.end(body);
    },
  },
};

const handler = handlers[variant][work];
const server = variant === 'fiber' ? createServer(handler) : http.createServer(handler);
server.listen(0, '127.0.0.1', () => process.send?.({ port: server.address().port }));
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send({ cpu: user + system });
});
process.on('disconnect', () => process.exit());
