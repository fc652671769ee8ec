// Who asks the server: connections that keep requests under way until they are told to stop, and check every answer.
import { createHash } from 'node:crypto';
import http from 'node:http';
import { createRequire } from 'node:module';
import { gunzipSync } from 'node:zlib';
import { inRoot } from '../paths.mjs';

const content = createRequire(import.meta.url)(inRoot('test/soak/content.cjs'));
const plainly = (value) => value;
const body = (n) => Buffer.alloc((n * 997) % 300_000, `body ${n}`);

const right = {
  json: (n) => content.json(n, plainly),
  template: (n) => content.template(n, plainly),
  stream: (n) => content.pieces(n, plainly).join(''),
  database: (n) => JSON.stringify(content.rows(n)),
  remembered: (n) => JSON.stringify({ inPromise: n, inSort: [n, n, n], after: n }),
  limited: (n) => (n % 2 === 0 ? 'too late' : 'in time'),
  upload: (n) => createHash('sha256').update(body(n)).digest('hex'),
};
const routes = Object.keys(right);

function ask({ port, agent, route, n, leaveAfter }) {
  const method = route === 'upload' ? 'POST' : 'GET';
  return new Promise((resolve, reject) => {
    const request = http.request(
      { host: '127.0.0.1', port, agent, method, path: `/${route}/${n}` },
      (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode, bytes: Buffer.concat(chunks) }),
        );
        response.on('error', reject);
      },
    );
    request.on('error', reject);
    request.setTimeout(60_000, () => request.destroy(new Error('no answer within 60 s')));
    if (leaveAfter !== undefined) setTimeout(() => request.destroy(), leaveAfter);
    request.end(route === 'upload' ? body(n) : undefined);
  });
}

async function checked(request) {
  const { route, n } = request;
  const { status, bytes } = await ask(request);
  const text = String(route === 'stream' && status === 200 ? gunzipSync(bytes) : bytes);
  if (status === 200 && text === right[route](n)) return;
  throw new Error(`/${route}/${n}: ${status} ${text.slice(0, 500)}`);
}

/**
 * Loads the server on `port` until `until` (a moment of `performance.now`) or the first wrong answer, which is thrown.
 * Answers how many requests were answered and how many clients left.
 */
export async function load(port, { connections, until }) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  const counts = { answered: 0, left: 0 };
  let wrong;
  let n = 0;
  async function connection() {
    while (performance.now() < until && wrong === undefined) {
      n++;
      try {
        if (n % 20 === 0) {
          // On a connection of its own: it goes away with it.
          const route = n % 40 === 0 ? 'never' : routes[n % routes.length];
          counts.left++;
          await ask({ port, agent: false, route, n, leaveAfter: n % 30 }).catch(() => undefined);
        } else {
          await checked({ port, agent, route: routes[n % routes.length], n });
          counts.answered++;
        }
      } catch (error) {
        wrong ??= error;
      }
    }
  }
  await Promise.all(Array.from({ length: connections }, connection));
  agent.destroy();
  if (wrong !== undefined) throw wrong;
  return counts;
}
