import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import test from 'ava';
import { fetch, iterate, sleep, spawn, wait } from 'greenfiber';

import { caught, inTask } from '../helpers/in-task';

async function serving(
  handler: Parameters<typeof createServer>[1],
  body: (url: string, server: Server) => Promise<void>,
): Promise<void> {
  const server = createServer(handler as never);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await body(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test('fetch answers the response, whose body is read in blocking style', async (t) => {
  await serving(
    (request, response) => response.end(JSON.stringify({ method: request.method })),
    async (url) => {
      await inTask(t, () => {
        t.deepEqual(wait(fetch(url, { method: 'POST' }).json()), { method: 'POST' });
        const body = fetch(new Request(url)).body!;
        const text = [...iterate(body)].map((chunk) => Buffer.from(chunk as Uint8Array).toString());
        t.is(text.join(''), '{"method":"GET"}');
      });
    },
  );
});

test('what is around the call aborts the request, and its own signal does', async (t) => {
  let closed = 0;
  let arrived = (): void => undefined;
  await serving(
    (request) => {
      request.socket.once('close', () => closed++);
      arrived();
    },
    async (url) => {
      await inTask(t, () => {
        const task = spawn(() => fetch(url));
        arrived = () => task.cancel();
        t.is((caught(() => task.join()) as Error).name, 'AbortError');
        const own = new AbortController();
        arrived = () => own.abort(new Error('mine'));
        t.is((caught(() => fetch(url, { signal: own.signal })) as Error).message, 'mine');
        for (let i = 0; i < 200 && closed < 2; i++) sleep(5);
        t.is(closed, 2);
      });
    },
  );
});

test('outside of tasks nothing is asked for', (t) => {
  t.throws(() => fetch('http://127.0.0.1:1/'), { code: 'ERR_FIBER_NOT_IN_FIBER' });
});
