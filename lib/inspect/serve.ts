import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIPv4, type AddressInfo } from 'node:net';
import { join } from 'node:path';

import { FiberError } from '../base/errors';
import { filesFolder, HOW_TO_BUNDLE } from '../base/place';
import { checkPort, checkObject, wrongType, wrongValue } from '../base/validators';
import { LONGEST_TIMER_MS } from '../scheduler/clock';
import { format } from './format';
import { Looks } from './looks';

export interface ServeOptions {
  /** Default 0: any that is free. */
  port?: number;
  /** A loopback address: `127.0.0.1` (default), another one that begins with `127.`, `::1`, or `localhost`. */
  host?: string;
}

/** A page that shows this thread's tasks; made by {@link serve}. */
export interface InspectServer extends AsyncDisposable {
  /** Where a browser finds the page. */
  readonly url: string;
  readonly port: number;
  /** Ends it, and the connections to it. */
  close(): Promise<void>;
}

/** In the sources, which the package contains: they are served as they are. */
const PAGE = 'lib/inspect/page';

const FILES: Readonly<Record<string, readonly [file: string, type: string]>> = {
  '/': ['index.html', 'text/html'],
  '/page.css': ['page.css', 'text/css'],
  '/figures.css': ['figures.css', 'text/css'],
  '/page.mjs': ['page.mjs', 'text/javascript'],
  '/tasks.mjs': ['tasks.mjs', 'text/javascript'],
  '/groups.mjs': ['groups.mjs', 'text/javascript'],
  '/table.mjs': ['table.mjs', 'text/javascript'],
  '/graph.mjs': ['graph.mjs', 'text/javascript'],
  '/charts.mjs': ['charts.mjs', 'text/javascript'],
  '/dom.mjs': ['dom.mjs', 'text/javascript'],
};

/** Nothing from elsewhere is loaded, nothing else may show it or read it. */
const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/**
 * Serves a page that shows {@link snapshot} live, to this machine only, and takes at most one percent of a core for it. Call {@link enable} as well, or it shows no
 * creation stacks and times. Keeps no process alive. Whoever may open a connection on this machine may read it.
 *
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE` (also for a host that is not
 * loopback), `ERR_FIBER_UNSUPPORTED` in a bundle without greenfiber's files beside it; what `listen` fails with, such as
 * `EADDRINUSE`
 */
export async function serve(options: ServeOptions = {}): Promise<InspectServer> {
  checkObject('options', options);
  const { port = 0, host = '127.0.0.1' } = options;
  checkPort('options.port', port);
  const address = loopback(host);
  pageFolder();
  // Its look after idle connections, every half minute otherwise, would put off the report of a deadlock.
  const looks = new Looks();
  const server = createServer(
    { connectionsCheckingInterval: LONGEST_TIMER_MS },
    (request, response) => {
      answer(looks, request, response);
    },
  );
  server.unref();
  server.on('connection', (socket) => socket.unref());
  await listen(server, port, address);
  const { port: chosen } = server.address() as AddressInfo;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => {
        resolve();
      });
      server.closeAllConnections();
    });
  return {
    url: `http://${address === '::1' ? '[::1]' : address}:${String(chosen)}/`,
    port: chosen,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function pageFolder(): string {
  const folder = filesFolder();
  if (folder !== undefined) return join(folder, PAGE);
  throw new FiberError(
    'ERR_FIBER_UNSUPPORTED',
    `greenfiber is part of a bundle, and the page is not beside it; ${HOW_TO_BUNDLE}`,
  );
}

/** The address to listen at. */
function loopback(host: unknown): string {
  if (typeof host !== 'string') throw wrongType('options.host', 'a string', host);
  if (host === 'localhost') return '127.0.0.1';
  if (host === '::1' || (isIPv4(host) && host.startsWith('127.'))) return host;
  throw wrongValue(
    'options.host',
    'a loopback address such as "127.0.0.1": the page shows what the program does; ' +
      'reach it from elsewhere through a tunnel',
    host,
  );
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function answer(looks: Looks, request: IncomingMessage, response: ServerResponse): void {
  const send = (status: number, type: string, body: string | Buffer, more = {}): void => {
    response.writeHead(status, { ...HEADERS, ...more, 'content-type': `${type}; charset=utf-8` });
    response.end(body);
  };
  // A page of another site whose name was made to lead here (DNS rebinding) still names that site.
  if (!isLoopbackName(request.headers.host)) {
    send(403, 'text/plain', 'Only loopback names lead here.\n');
    return;
  }
  if (request.method !== 'GET') {
    send(405, 'text/plain', 'Only GET works here.\n', { allow: 'GET' });
    return;
  }
  const [path = '/', query] = (request.url ?? '/').split(/[?#]/);
  const seen = new URLSearchParams(query).get('seen');
  const file = Object.hasOwn(FILES, path) ? FILES[path] : undefined;
  try {
    if (path === '/snapshot.json') {
      const body = seen !== null ? looks.since(Number(seen)) : looks.snapshot();
      send(200, 'application/json', JSON.stringify(body));
    } else if (path === '/dump.txt') {
      send(200, 'text/plain', format(looks.snapshot(), { grouped: true }));
    } else if (file !== undefined) {
      send(200, file[1], readFileSync(join(pageFolder(), file[0])));
    } else {
      send(404, 'text/plain', 'Nothing here.\n');
    }
  } catch (error) {
    send(500, 'text/plain', `${error instanceof Error ? error.message : 'unknown'}\n`);
  }
}

/** A `Host` header's name of this machine, with any port: a forwarded one is another. */
function isLoopbackName(host: string | undefined): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i.test(host ?? '');
}
