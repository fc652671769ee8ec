// Sessions of HTTP/2 carry many requests; before Node 24 they outlive their server.
import { once } from 'node:events';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';

import test, { type ExecutionContext } from 'ava';
import { sleep } from 'greenfiber';
import { fiberHandler, shutdown } from 'greenfiber/http';

import { noTaskLeft } from '../helpers/http';

test.afterEach(noTaskLeft);

type Handler = (request: http2.Http2ServerRequest, response: http2.Http2ServerResponse) => void;

interface Asked {
  readonly server: http2.Http2Server;
  /** Of the client, and of another that has asked before, and may ask again. */
  readonly closed: Promise<unknown>;
  /** What the request was answered. */
  readonly answer: Promise<string>;
}

/** A server that is asked twice; the second request is under way. */
async function asked(t: ExecutionContext, handler: Handler): Promise<Asked> {
  const serve = fiberHandler(handler);
  const server = http2.createServer((request, response) => void serve(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const [busy, idle] = [1, 2].map(() => {
    const session = http2.connect(`http://127.0.0.1:${port}`);
    session.on('error', () => undefined);
    t.teardown(() => session.destroy());
    return session;
  }) as [http2.ClientHttp2Session, http2.ClientHttp2Session];
  const get = async (session: http2.ClientHttp2Session, path: string): Promise<string> => {
    const stream = session.request({ ':path': path }).setEncoding('utf8');
    let body = '';
    stream.on('error', () => undefined).on('data', (piece: string) => (body += piece));
    await once(stream, 'close');
    return body;
  };
  await get(idle, '/fast');
  const answer = get(busy, '/slow');
  await once(server, 'request');
  return { server, answer, closed: Promise.all([once(busy, 'close'), once(idle, 'close')]) };
}

test.serial('HTTP/2: what is under way is answered, and every session ends', async (t) => {
  const { server, answer, closed } = await asked(t, (request, response) => {
    if (request.url === '/slow') sleep(200);
    response.end('answered');
  });
  await Promise.all([shutdown(server), closed]);
  t.is(await answer, 'answered');
  t.false(server.listening);
});

test.serial('HTTP/2: a request that goes on is cut off when the grace is over', async (t) => {
  const { server, answer, closed } = await asked(t, (request, response) => {
    if (request.url === '/slow') sleep(Infinity);
    response.end('answered');
  });
  await Promise.all([shutdown(server, 50), closed]);
  t.is(await answer, '');
});
