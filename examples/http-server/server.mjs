// An HTTP server that runs every request in a fiber of its own.
import { AsyncLocalStorage } from 'node:async_hooks';
import { createServer } from 'node:http';
import { Fiber } from 'greenfiber';
import { Library, NotFound } from './library.mjs';
import { answer } from './pages.mjs';
import { inFiber } from './wait.mjs';

/** The fibers of the requests under way, for whoever wants to look at them. */
export const requests = new Set();

const requestId = new AsyncLocalStorage();

function respond(library, request, response) {
  requests.add(Fiber.current);
  try {
    const { type, body } = answer(library, new URL(request.url, 'http://localhost'));
    response.setHeader('content-type', type);
    // After all that sleeping it is still the context of this request.
    response.setHeader('x-request-id', requestId.getStore());
    response.end(body);
  } catch (error) {
    response.statusCode = error instanceof NotFound ? 404 : 500;
    response.end(`${error.message}\n`);
  } finally {
    requests.delete(Fiber.current);
  }
}

export function serve(root) {
  const library = new Library(root);
  return createServer((request, response) => {
    const id = request.headers['x-request-id'] ?? 'none';
    requestId.run(id, () => inFiber(() => respond(library, request, response), request.url));
  });
}
