// What becomes of errors: HttpError, what onError is told, and limits of time.
import http from 'node:http';
import { Writable } from 'node:stream';

import test from 'ava';
import { currentSignal, sleep, timeout, wait, type FiberError } from 'greenfiber';
import { createServer, fiberHandler, HttpError, send, type Handler } from 'greenfiber/http';
import { connect, listen, Writer, type Connection, type Framing } from 'greenfiber/io';

import { runChild } from '../helpers/child';
import { refused } from '../helpers/codes';
import { noTaskLeft, raw, started, until } from '../helpers/http';
import { caught, inTask } from '../helpers/in-task';

const express = require('express');
const { fastify } = require('fastify');
const Koa = require('koa');

test.afterEach(noTaskLeft);

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const codeOf = (error: unknown): unknown =>
  (error as { code?: unknown }).code ?? (error as Error).message;

test.serial('an HttpError is made of a status and a message', async (t) => {
  const cause = new Error('why');
  const error = new HttpError(404, 'no such thing', { cause });
  t.deepEqual(
    [
      error.name,
      error.code,
      error.statusCode,
      error.status,
      error.expose,
      error.message,
      error.cause,
    ],
    ['HttpError', 'ERR_HTTP_STATUS', 404, 404, true, 'no such thing', cause],
  );
  t.is(new HttpError(404).message, 'Not Found');
  t.deepEqual(
    [new HttpError(503).expose, new HttpError(503, 'x', { expose: true }).expose],
    [false, true],
  );
  for (const status of [200, 600, 404.5, NaN]) {
    refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () => new HttpError(status));
  }
  refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => new HttpError('404' as never));
  refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => new HttpError(404, {} as never));
  refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => new HttpError(404, '', 1 as never));
  const headers = { 'WWW-Authenticate': 'Basic' };
  const base = await started(
    t,
    createServer(() => {
      throw new HttpError(401, 'who are you?', { headers });
    }),
  );
  const response = await fetch(base);
  t.deepEqual(
    [response.status, await response.text(), response.headers.get('www-authenticate')],
    [401, 'who are you?', 'Basic'],
  );
  const head = await raw(base, 'HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  await until(() => head.socket.closed);
  t.regex(head.answer(), /\r\n\r\n$/, 'HEAD has no body');
});

/** What `onError` is told while one client comes, and leaves when its handler calls `leave`. */
async function toldOf(
  t: Parameters<typeof started>[0],
  handler: (...args: [...Parameters<Handler>, leave: () => void]) => unknown,
): Promise<unknown[]> {
  const told: unknown[] = [];
  let leave: () => void = () => undefined;
  const server = createServer((request, response) => handler(request, response, () => leave()), {
    onError: (error) => told.push(codeOf(error)),
  });
  const client = await raw(await started(t, server));
  leave = () => client.socket.destroy();
  let met = 0;
  server.on('request', () => met++);
  client.socket.write(GET);
  await until(() => met === 1 && server.active === 0);
  await noTaskLeft();
  return told;
}

test.serial(
  'onError is not told that a client left, however the handler learned of it',
  async (t) => {
    const gone: Record<string, Parameters<typeof toldOf>[1]> = {
      'in a sleep': (_, _response, leave) => {
        leave();
        sleep(1e6);
      },
      'in a write': (_, response, leave) => {
        const writer = new Writer(response);
        leave();
        for (;;) writer.write(Buffer.alloc(1 << 16));
      },
      'in a flush': (_, response, leave) => {
        const writer = new Writer(response);
        writer.write(Buffer.alloc(1 << 24));
        leave();
        writer.flush();
      },
      'wrapped by the handler': (_, _response, leave) => {
        leave();
        throw new Error('query failed', { cause: caught(() => sleep(1e6)) });
      },
      'in what was given the signal': (_, _response, leave) => {
        leave();
        const signal = currentSignal()!;
        const aborted = new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            reject(new DOMException('aborted', { name: 'AbortError', cause: signal.reason }));
          });
        });
        wait(aborted);
      },
      'in an async handler': async (_, response, leave) => {
        leave();
        await new Promise((resolve) => response.on('close', resolve));
        throw response.req.errored ?? new Error('never');
      },
    };
    for (const [how, handler] of Object.entries(gone))
      t.deepEqual(await toldOf(t, handler), [], how);
  },
);

test.serial(
  'onError is told once of a mistake, also after the client has left, or was answered',
  async (t) => {
    const mistakes: Record<string, Parameters<typeof toldOf>[1]> = {
      'after it left': (_, _response, leave) => {
        leave();
        caught(() => sleep(1e6));
        throw new Error('bug');
      },
      'after the answer': (_, response) => {
        send(response, 'fine');
        sleep(1);
        throw new Error('bug');
      },
      'half-way': (_, response) => {
        response.write('half');
        sleep(1);
        throw new Error('bug');
      },
      'in an async handler': async () => {
        await Promise.resolve();
        throw new Error('bug');
      },
      'that is no error': () => {
        throw { message: 'bug' };
      },
      'a stream of its own that closes early': (_, response) => {
        response.write('half');
        const other = new Writable();
        other.destroy();
        const error = caught(() => new Writer(other).write('x'));
        throw Object.assign(new Error('bug'), { cause: error });
      },
    };
    for (const [what, handler] of Object.entries(mistakes)) {
      t.deepEqual(await toldOf(t, handler), ['bug'], what);
    }
  },
);

test.serial(
  'an async onError is waited for, and its error is an unhandled rejection',
  async (t) => {
    let release: () => void = () => undefined;
    let told = false;
    const onError = async (): Promise<void> => {
      await new Promise<void>((resolve) => (release = resolve));
      told = true;
    };
    const server = createServer(
      () => {
        throw new Error('bad');
      },
      { onError },
    );
    t.is((await fetch(await started(t, server))).status, 500);
    t.deepEqual([told, server.active], [false, 1]);
    release();
    await noTaskLeft();
    t.true(told);
    const program = `
    const { createServer } = require('greenfiber/http');
    const onError = async () => { throw new Error('worse'); };
    const server = createServer(() => { throw new Error('bad'); }, { onError });
    process.on('unhandledRejection', ({ message }) => {
      console.log(message);
      server.shutdown(0);
    });
    server.listen(0, '127.0.0.1', () => fetch('http://127.0.0.1:' + server.address().port));
  `;
    const { code, stdout } = await runChild(program);
    t.deepEqual([code, stdout.trim()], [0, 'worse']);
  },
);

test.serial(
  'onError of a listener may be async: it is waited for, and what it throws is thrown by serve',
  (t) =>
    inTask(t, () => {
      const listener = listen(0, '127.0.0.1');
      const told: string[] = [];
      const onError = async (error: unknown): Promise<void> => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        told.push((error as Error).message);
        if (told.length === 2) throw new Error('worse');
      };
      const fail = (connection: Connection): never => {
        throw new Error(connection.readLine()!);
      };
      for (const word of ['one', 'two']) {
        const client = connect(listener.port, '127.0.0.1');
        client.write(`${word}\n`);
        setTimeout(() => client.destroy(), 50);
      }
      t.is((caught(() => listener.serve(fail, { onError })) as Error).message, 'worse');
      t.deepEqual(told.toSorted(), ['one', 'two']);
    }),
);

test.serial('a framing of async functions is waited for', (t) =>
  inTask(t, () => {
    const words: Framing<string> = {
      read: (async (reader: Connection['reader']) => {
        await Promise.resolve();
        return reader.buffered === 0 && reader.stream.readableEnded ? null : 'frame';
      }) as never,
      write: async (writer, frame) => {
        await Promise.resolve();
        writer.stream.write(frame);
      },
    };
    const listener = listen(0, '127.0.0.1');
    const client = connect(listener.port, '127.0.0.1');
    const connection = listener.accept()!;
    connection.writeFrame(words, 'written');
    connection.end();
    t.is(client.readFrame(words), 'frame');
    t.is(client.readAll().toString(), 'written');
    t.deepEqual([...client.frames(words)], []);
    client.destroy();
    connection.destroy();
    listener.close();
  }),
);

test.serial(
  'handlerTimeout is over with the answer: nobody is told of a 503 that was none',
  async (t) => {
    const told: unknown[] = [];
    let finished = 0;
    const server = createServer(
      ({ url }, response) => {
        if (url === '/stream') send(response, new Blob(['answered']).stream());
        else if (url === '/piped') http.get(base + '/', (upstream) => upstream.pipe(response));
        else send(response, 'answered');
        sleep(1500);
        finished++;
      },
      { handlerTimeout: 1000, onError: (error) => told.push(codeOf(error)) },
    );
    const base = await started(t, server);
    for (const url of ['/', '/stream', '/piped']) {
      const response = await fetch(base + url);
      t.deepEqual([response.status, await response.text()], [200, 'answered'], url);
    }
    await noTaskLeft();
    t.deepEqual([finished, told], [4, []]);
  },
);

test.serial(
  "a time limit of the handler's own, or one that it copes with, is no 503",
  async (t) => {
    const told: unknown[] = [];
    const server = createServer(
      ({ url }, response) => {
        if (url === '/own') timeout(5, () => sleep(1e6));
        const error = caught(() => sleep(1e6)) as FiberError;
        send(response, error.code);
      },
      { handlerTimeout: 30, onError: (error) => told.push(codeOf(error)) },
    );
    const base = await started(t, server);
    t.is((await fetch(`${base}/own`)).status, 500);
    const coped = await fetch(base);
    t.deepEqual([coped.status, await coped.text()], [200, 'ERR_TIMEOUT']);
    t.deepEqual(told, ['ERR_TIMEOUT']);
  },
);

test.serial('an async handler has the same time', async (t) => {
  const server = createServer(() => new Promise(() => undefined), {
    handlerTimeout: 20,
    onError: () => undefined,
  });
  t.is((await fetch(await started(t, server))).status, 503);
});

test.serial('fiberHandler has a handlerTimeout in every framework', async (t) => {
  const block = fiberHandler(() => sleep(1e6), { handlerTimeout: 30 });
  const app = express();
  app.get('/', block);
  app.use((error: HttpError, _: unknown, response: http.ServerResponse, next: unknown) => {
    t.truthy(next);
    send(response, error.message, { status: error.status });
  });
  const koa = new Koa();
  koa.silent = true;
  koa.use(block);
  const fast = fastify();
  t.teardown(() => fast.close());
  fast.get('/', block);
  const bases = [
    await started(t, http.createServer(app)),
    await started(t, http.createServer(koa.callback())),
    await fast.listen({ port: 0, host: '127.0.0.1' }),
  ];
  for (const base of bases) t.is((await fetch(base)).status, 503);
  refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () => fiberHandler(() => 1, { handlerTimeout: NaN }));
  refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => fiberHandler(() => 1, 5 as never));
});

test.serial(
  'in plain node:http a fiberHandler answers with the HttpErrors that it throws',
  async (t) => {
    const handler = fiberHandler(
      ({ url }: http.IncomingMessage, response: http.ServerResponse) => {
        if (url === '/missing') throw new HttpError(404, 'no such thing');
        if (url === '/half') response.write('half');
        sleep(1e6);
      },
      { handlerTimeout: 30 },
    );
    const { error } = console;
    const printed: unknown[] = [];
    console.error = (...args: unknown[]) => printed.push(codeOf(args[1]));
    t.teardown(() => (console.error = error));
    const base = await started(
      t,
      http.createServer((...args) => void handler(...args)),
    );
    const missing = await fetch(`${base}/missing`);
    t.deepEqual([missing.status, await missing.text()], [404, 'no such thing']);
    t.is((await fetch(base)).status, 503);
    await t.throwsAsync(async () => (await fetch(`${base}/half`)).text());
    t.deepEqual(printed, ['ERR_HTTP_NOT_ANSWERED', 'ERR_HTTP_NOT_ANSWERED']);
  },
);

test.serial('what a fetch brings that was given up is disposed of', async (t) => {
  const program = `
    const { spawn, sleep, wait, currentSignal } = require('greenfiber');
    let opened = 0;
    let closed = 0;
    const server = require('node:http').createServer((_, response) => {
      opened++;
      response.on('close', () => closed++);
      setTimeout(() => response.write('a part'), 20);
    });
    const giveUp = (options) => {
      const url = 'http://127.0.0.1:' + server.address().port;
      const before = opened;
      const task = spawn(() => wait(fetch(url, options?.())));
      while (opened === before) sleep(5);
      task.cancel();
    };
    server.listen(0, '127.0.0.1', () => spawn(() => {
      giveUp(() => ({ signal: currentSignal() }));
      while (closed < 1) sleep(5); // at once
      giveUp();
      while (closed < 2) { sleep(20); gc(); } // once it is garbage
      console.log(closed);
      process.exit();
    }));
  `;
  const { stdout } = await runChild(program, { timeout: 20_000 });
  t.is(stdout.trim(), '2');
});
