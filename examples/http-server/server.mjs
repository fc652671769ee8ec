// The server in blocking style: every request runs in a task of its own.
import { AsyncLocalStorage } from 'node:async_hooks';
import { currentTask } from 'greenfiber';
import { createServer } from 'greenfiber/http';
import { Library, NotFound } from './library.mjs';
import { answer } from './pages.mjs';

/** The tasks of the requests under way, for whoever wants to look at them. */
export const requests = new Set();

const requestId = new AsyncLocalStorage();

function respond(library, request, response) {
  const task = currentTask();
  requests.add(task);
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
    requests.delete(task);
  }
}

export function serve(root) {
  const library = new Library(root);
  return createServer((request, response) => {
    const id = request.headers['x-request-id'] ?? 'none';
    requestId.run(id, () => respond(library, request, response));
  });
}
