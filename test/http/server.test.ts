// Serial, because tasks that are left are counted on the scheduler that all requests share.
import { AsyncLocalStorage } from 'node:async_hooks';
import http, { type IncomingMessage } from 'node:http';

import test from 'ava';
import { FiberError, shield, sleep, wait, yieldNow } from 'greenfiber';
import { createServer, fiberHandler, HttpError, send, text } from 'greenfiber/http';
import { Writer } from 'greenfiber/io';

import { runChild } from '../helpers/child';
import { refused } from '../helpers/codes';
import { noTaskLeft, raw, started, until } from '../helpers/http';
import { caught } from '../helpers/in-task';
import { onDirect } from '../helpers/on-direct';

test.afterEach(noTaskLeft);

const code = (error: unknown): string | undefined => (error as FiberError | undefined)?.code;

test.serial('a handler blocks, and the others go on meanwhile', async (t) => {
  let waiting = 0;
  let release: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const server = createServer((request, response) => {
    if (++waiting === 3) release();
    wait(gate);
    send(response, { url: request.url });
  });
  const base = await started(t, server);
  const answers = await Promise.all(
    ['/a', '/b', '/c'].map(async (url) => (await fetch(base + url)).json()),
  );
  t.deepEqual(answers, [{ url: '/a' }, { url: '/b' }, { url: '/c' }]);
});

test.serial('send answers text, bytes and JSON with their types and lengths', async (t) => {
  const bodies: Record<string, unknown> = {
    '/text': 'grüße',
    '/bytes': Buffer.of(1, 2, 3),
    '/json': { a: [1] },
    '/nothing': undefined,
  };
  const base = await started(
    t,
    createServer((request, response) => {
      send(response, bodies[request.url!], { status: 201, headers: { 'x-a': 'b' } });
    }),
  );
  const seen = [];
  for (const url of Object.keys(bodies)) {
    const response = await fetch(base + url);
    t.is(response.status, 201);
    t.is(response.headers.get('x-a'), 'b');
    seen.push([response.headers.get('content-type'), await response.text()]);
  }
  t.deepEqual(seen, [
    ['text/plain; charset=utf-8', 'grüße'],
    ['application/octet-stream', '\x01\x02\x03'],
    ['application/json', '{"a":[1]}'],
    ['application/json', 'null'],
  ]);
  const head = await fetch(`${base}/text`, { method: 'HEAD' });
  t.is(head.headers.get('content-length'), '7');
});

test.serial(
  'every request has an asynchronous context of its own, kept over every sleep',
  async (t) => {
    const storage = new AsyncLocalStorage<string>();
    const base = await started(
      t,
      createServer((request, response) => {
        const seen = [storage.getStore()];
        storage.enterWith(request.url!);
        for (let i = 0; i < 5; i++) {
          sleep(i % 2);
          yieldNow();
          seen.push(storage.getStore());
        }
        storage.run('inner', () => {
          sleep(0);
          seen.push(storage.getStore());
        });
        wait(Promise.resolve());
        seen.push(storage.getStore());
        send(response, seen);
      }),
    );
    const urls = Array.from({ length: 100 }, (_, i) => `/${i}`);
    const answers = await Promise.all(urls.map(async (url) => (await fetch(base + url)).json()));
    for (const [i, url] of urls.entries()) {
      t.deepEqual(answers[i], [null, url, url, url, url, url, 'inner', url]);
    }
  },
);

test.serial(
  'an error is answered with 500 and told to onError; the client learns nothing',
  async (t) => {
    const bug = new Error('secret');
    const seen: [unknown, string | undefined][] = [];
    const onError = (error: unknown, request: IncomingMessage) => seen.push([error, request.url]);
    const handler = (_: IncomingMessage, response: http.ServerResponse): void => {
      response.setHeader('x-half-done', '1');
      sleep(1);
      throw bug;
    };
    const base = await started(t, createServer(handler, { onError }));
    const response = await fetch(`${base}/x`);
    t.is(response.status, 500);
    t.is(response.headers.get('x-half-done'), null);
    t.notRegex(await response.text(), /secret/);
    t.deepEqual(seen, [[bug, '/x']]);
    t.is((await fetch(`${base}/y`)).status, 500, 'the connection and the server go on');
  },
);

test.serial('an error may carry its status', async (t) => {
  const seen: unknown[] = [];
  const base = await started(
    t,
    createServer(
      ({ url }) => {
        if (url === '/teapot') {
          throw new HttpError(418, 'I am a teapot');
        }
        throw Object.assign(new Error('foreign'), { statusCode: url === '/odd' ? 42 : 404 });
      },
      { onError: (error) => seen.push((error as Error).message) },
    ),
  );
  const teapot = await fetch(`${base}/teapot`);
  t.deepEqual([teapot.status, await teapot.text()], [418, 'I am a teapot']);
  t.is((await fetch(`${base}/missing`)).status, 404);
  t.is((await fetch(`${base}/odd`)).status, 500);
  t.deepEqual(seen, ['foreign']);
});

test.serial('an error after the answer has begun cuts it off', async (t) => {
  const seen: unknown[] = [];
  const server = createServer(
    (_, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('begin');
      sleep(5);
      throw new Error('bug');
    },
    { onError: (error) => seen.push((error as Error).message) },
  );
  const { socket, answer } = await raw(
    await started(t, server),
    'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
  );
  await until(() => socket.closed);
  t.regex(answer(), /200 OK[^]*begin$/);
  t.deepEqual(seen, ['bug']);
});

test.serial('a handler that returns without an answer is an error', async (t) => {
  const seen: unknown[] = [];
  const onError = (error: unknown) => seen.push(code(error));
  const base = await started(
    t,
    createServer(
      (request, response) => {
        if (request.url === '/half') response.write('half');
      },
      { onError },
    ),
  );
  t.is((await fetch(base)).status, 500);
  await t.throwsAsync(async () => (await fetch(`${base}/half`)).text());
  t.deepEqual(seen, ['ERR_HTTP_NOT_ANSWERED', 'ERR_HTTP_NOT_ANSWERED']);
});

test.serial('a response that something is piped to is going to be answered', async (t) => {
  const base = await started(
    t,
    createServer((request, response) => {
      request.pipe(response);
    }),
  );
  t.is(await (await fetch(base, { method: 'POST', body: 'echo' })).text(), 'echo');
});

test.serial('a handler that never answers ends with its client', async (t) => {
  let reason: unknown;
  let cleanedUp = false;
  const server = createServer((_, response) => {
    reason = caught(() => sleep(Infinity));
    shield(() => sleep(1));
    cleanedUp = true;
    send(response, 'too late');
  });
  const base = await started(t, server);
  const { socket } = await raw(base, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await until(() => server.active === 1);
  socket.destroy();
  await noTaskLeft();
  t.is(code(reason), 'ERR_HTTP_CLIENT_GONE');
  t.true(cleanedUp);
  t.is(server.active, 0);
});

test.serial('handlerTimeout answers 503, and cuts off an answer that has begun', async (t) => {
  const seen: unknown[] = [];
  const base = await started(
    t,
    createServer(
      (request, response) => {
        if (request.url === '/begun') response.write('begun');
        sleep(1e6);
      },
      { handlerTimeout: 20, onError: (error) => seen.push(code(error)) },
    ),
  );
  t.is((await fetch(base)).status, 503);
  await t.throwsAsync(async () => (await fetch(`${base}/begun`)).text());
  t.deepEqual(seen, ['ERR_HTTP_NOT_ANSWERED', 'ERR_HTTP_NOT_ANSWERED']);
});

test.serial(
  'a client that leaves in the middle of its request cancels the handler that reads it',
  async (t) => {
    let error: unknown;
    const seen: unknown[] = [];
    const server = createServer(
      (request) => {
        error = caught(() => text(request));
        throw error;
      },
      { onError: (other) => seen.push(other) },
    );
    const base = await started(t, server);
    const { socket } = await raw(
      base,
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf',
    );
    await until(() => server.active === 1);
    socket.destroy();
    await noTaskLeft();
    t.true(['ERR_HTTP_CLIENT_GONE', 'ECONNRESET'].includes(code(error) ?? ''), String(error));
    t.deepEqual(seen, []);
  },
);

test.serial(
  'a client that leaves in the middle of the answer cancels the handler that writes it',
  async (t) => {
    let written = 0;
    let error: unknown;
    const server = createServer((_, response) => {
      const writer = new Writer(response);
      error = caught(() => {
        for (;;) {
          writer.write(Buffer.alloc(1 << 16));
          written++;
        }
      });
    });
    const base = await started(t, server);
    const { socket } = await raw(base, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    socket.pause(); // a slow reader: the writer has to sleep
    await until(() => written > 0);
    const before = written;
    await new Promise((resolve) => setTimeout(resolve, 50));
    t.true(written - before < 1000, 'no back-pressure');
    socket.destroy();
    await noTaskLeft();
    t.truthy(error);
  },
);

test.serial('a slow reader gets all of a huge answer', async (t) => {
  const size = 8 << 20;
  const base = await started(
    t,
    createServer((_, response) => {
      const writer = new Writer(response);
      for (let sent = 0; sent < size; sent += 1 << 16) writer.write(Buffer.alloc(1 << 16, 'x'));
      writer.end();
    }),
  );
  const { body } = await fetch(base);
  let received = 0;
  for await (const chunk of body!) {
    if (received % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    received += (chunk as Uint8Array).length;
  }
  t.is(received, size);
});

test.serial('an error of onError is an unhandled rejection', async (t) => {
  const program = `
    const { createServer } = require('greenfiber/http');
    const onError = () => { throw new Error('worse'); };
    const server = createServer(() => { throw new Error('bad'); }, { onError });
    process.on('unhandledRejection', ({ message }) => {
      console.log(message);
      server.close();
      server.closeAllConnections();
    });
    server.listen(0, '127.0.0.1', async () => {
      const { status } = await fetch('http://127.0.0.1:' + server.address().port);
      console.log(status);
    });
  `;
  const { code: exit, stdout } = await runChild(program);
  t.deepEqual([exit, stdout.trim().split('\n').sort()], [0, ['500', 'worse']]);
});

test.serial('bad arguments are told by name', (t) => {
  refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => createServer(undefined as never));
  const handler = (): void => undefined;
  refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => createServer(handler, 1 as never));
  refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => createServer(handler, { onError: 1 as never }));
  refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () => createServer(handler, { handlerTimeout: -1 }));
  const server = createServer(handler);
  refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () => void server.shutdown(NaN));
  refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () =>
    send(new http.ServerResponse({} as never), '', { status: 99 }),
  );
});

onDirect('cpuLimit ends a handler that spins with 503, and the server goes on', async (t) => {
  const seen: unknown[] = [];
  const server = createServer(
    (request, response) => {
      if (request.url === '/half') response.write('half');
      if (request.url === '/expression') /^(a+)+$/.test(`${'a'.repeat(40)}b`);
      if (request.url !== '/fine') for (;;);
      send(response, 'fine');
    },
    { cpuLimit: 20, onError: (error) => seen.push(code(error)) },
  );
  const base = await started(t, server);
  const ask = async (url: string): Promise<unknown> => {
    const response = await fetch(base + url);
    return [response.status, await response.text()];
  };
  const answers = await Promise.all(['/fine', '/loop', '/expression', '/fine'].map(ask));
  const ended = [503, 'The request failed (503)'];
  t.deepEqual(answers, [[200, 'fine'], ended, ended, [200, 'fine']]);
  await t.throwsAsync(ask('/half'));
  t.deepEqual(await ask('/fine'), [200, 'fine']);
  t.deepEqual(seen, ['ERR_TASK_CPU_LIMIT', 'ERR_TASK_CPU_LIMIT', 'ERR_TASK_CPU_LIMIT']);
  t.is(server.active, 0);
  refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () => createServer(() => 1, { cpuLimit: 0 }));
});

onDirect('a fiberHandler with a cpuLimit fails with 503', async (t) => {
  const spins = fiberHandler(
    () => {
      for (;;);
    },
    { cpuLimit: 20 },
  );
  const base = await started(
    t,
    http.createServer((request, response) => void spins(request, response)),
  );
  t.is((await fetch(base)).status, 503);
});
