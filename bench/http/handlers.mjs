// One server of node:http serves all variants, told apart by nothing but the handler that it is given. `bare` is a
// fiber for each request and nothing else: no task, no cancellation, no error handling. It shows what the two or four
// switches of a request cost in the middle of Node's own work.
import http from 'node:http';
import { Fiber, wait } from 'greenfiber';
import { createServer } from 'greenfiber/http';

// What a handler waits for: something that is settled one turn of the event loop later.
const lookup = () => new Promise((resolve) => setImmediate(resolve, 'Hello, world!\n'));

const headers = { 'content-type': 'text/plain', 'content-length': 14 };

function answer(response, body) {
  response.writeHead(200, headers);
  response.end(body);
}

const handlers = {
  async: {
    plain: async (request, response) => answer(response, 'Hello, world!\n'),
    lookup: async (request, response) => answer(response, await lookup()),
  },
  bare: {
    plain: (request, response) => new Fiber(() => answer(response, 'Hello, world!\n')).resume(),
    lookup: (request, response) => {
      const fiber = new Fiber(() => answer(response, Fiber.yield(lookup())));
      fiber.resume().then((body) => fiber.resume(body));
    },
  },
  fiber: {
    plain: (request, response) => answer(response, 'Hello, world!\n'),
    lookup: (request, response) => answer(response, wait(lookup())),
  },
};

export function serverOf(variant, work) {
  const handler = handlers[variant][work];
  return variant === 'fiber' ? createServer(handler) : http.createServer(handler);
}
