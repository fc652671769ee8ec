// fiberHandler in the real Express, Fastify and Koa.
import { AsyncLocalStorage } from 'node:async_hooks';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';

import test, { type ExecutionContext } from 'ava';
import { sleep, wait, type FiberError } from 'greenfiber';
import { fiberHandler, json, send } from 'greenfiber/http';

import { refused } from '../helpers/codes';
import { noTaskLeft, raw, started, until } from '../helpers/http';
import { caught } from '../helpers/in-task';

// They bring no types of their own, or none that we need.
const express = require('express');
const { fastify } = require('fastify');
const Koa = require('koa');

const storage = new AsyncLocalStorage<string>();

/** What we use of Koa's. */
interface Context {
  url: string;
  req: IncomingMessage;
  status: number;
  body: unknown;
  set: (name: string, value: string) => void;
}

/** What a test sees of a handler, however the framework calls it. */
type Work = (url: string, request: IncomingMessage) => unknown;

/** An application that runs `work` in a fiber handler and tells `onError` what the framework was told. */
type Application = (
  t: ExecutionContext,
  work: Work,
  onError: (error: unknown) => void,
) => Promise<string>;

const applications: Record<string, Application> = {
  express: (t, work, onError) => {
    const app = express();
    app.use(
      fiberHandler((request: IncomingMessage, _response: ServerResponse, next: () => void) => {
        sleep(0);
        storage.run(`context of ${request.url}`, next);
      }),
    );
    app.use(
      fiberHandler((request: IncomingMessage, response: ServerResponse) => {
        send(response, work(request.url!, request));
      }),
    );
    app.use(
      fiberHandler(
        // eslint-disable-next-line @typescript-eslint/no-unused-vars -- Express counts the parameters
        (error: Error, _request: IncomingMessage, response: ServerResponse, _next: unknown) => {
          sleep(0);
          onError(error);
          send(response, `handled ${error.message}`, { status: 500 });
        },
      ),
    );
    return started(t, http.createServer(app));
  },
  fastify: async (t, work, onError) => {
    const app = fastify();
    t.teardown(() => app.close());
    app.addHook('onRequest', (request: { url: string }, _reply: unknown, done: () => void) => {
      storage.run(`context of ${request.url}`, done);
    });
    app.addHook(
      'preHandler',
      fiberHandler(() => {
        sleep(0);
      }),
    );
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', (_: unknown, __: unknown, done: () => void) => done());
    app.all(
      '/*',
      fiberHandler((request: { url: string; raw: IncomingMessage }) =>
        work(request.url, request.raw),
      ),
    );
    app.setErrorHandler(
      fiberHandler((error: Error, _: unknown, reply: never) => {
        sleep(0);
        onError(error);
        (reply as { code(n: number): void }).code(500);
        return `handled ${error.message}`;
      }),
    );
    return (await app.listen({ port: 0, host: '127.0.0.1' })) as string;
  },
  koa: (t, work, onError) => {
    const app = new Koa();
    app.on('error', () => undefined);
    app.use(
      fiberHandler((context: Context, next: () => unknown) => {
        sleep(0);
        try {
          storage.run(`context of ${context.url}`, next);
          context.set('x-after', 'next() has blocked');
        } catch (error) {
          onError(error);
          context.status = 500;
          context.body = `handled ${(error as Error).message}`;
        }
      }),
    );
    app.use(
      fiberHandler((context: Context) => {
        context.body = work(context.url, context.req);
      }),
    );
    return started(t, http.createServer(app.callback()));
  },
};

for (const [name, application] of Object.entries(applications)) {
  test.serial(`${name}: a handler blocks, in the context of its request`, async (t) => {
    const work: Work = (url) => {
      sleep(2);
      wait(Promise.resolve());
      return { url, context: storage.getStore() };
    };
    const base = await application(t, work, (error) => t.fail(String(error)));
    const urls = Array.from({ length: 50 }, (_, i) => `/${i}`);
    const answers = await Promise.all(urls.map(async (url) => (await fetch(base + url)).json()));
    t.deepEqual(
      answers,
      urls.map((url) => ({ url, context: `context of ${url}` })),
    );
    await noTaskLeft();
  });

  test.serial(`${name}: a body is read in blocking style`, async (t) => {
    const base = await application(
      t,
      (_, request) => json(request),
      (error) => t.fail(String(error)),
    );
    const response = await fetch(base, { method: 'POST', body: '{"a":1}' });
    t.deepEqual(await response.json(), { a: 1 });
    await noTaskLeft();
  });

  test.serial(`${name}: an error reaches the framework's own error handling`, async (t) => {
    const seen: unknown[] = [];
    const bug = new Error('the bug');
    const work = (): never => {
      sleep(1);
      throw bug;
    };
    const base = await application(t, work, (error) => seen.push(error));
    const response = await fetch(base);
    t.deepEqual([response.status, await response.text()], [500, 'handled the bug']);
    t.deepEqual(seen, [bug]);
    await noTaskLeft();
  });

  test.serial(`${name}: a handler that never answers ends with its client`, async (t) => {
    let reason: unknown;
    let began = false;
    const work = (): never => {
      began = true;
      reason = caught(() => sleep(Infinity));
      throw reason;
    };
    const base = await application(t, work, () => undefined);
    const { socket } = await raw(base, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await until(() => began);
    socket.destroy();
    await noTaskLeft();
    t.is((reason as FiberError).code, 'ERR_HTTP_CLIENT_GONE');
  });
}

test.serial('koa: next() has blocked until the middleware below has ended', async (t) => {
  const base = await applications['koa']!(
    t,
    () => sleep(5) ?? 'body',
    (error) => t.fail(String(error)),
  );
  t.is((await fetch(base)).headers.get('x-after'), 'next() has blocked');
});

test.serial('fastify: an injected request has no socket, and works', async (t) => {
  const app = fastify();
  app.get(
    '/',
    fiberHandler(function (this: unknown) {
      sleep(1);
      t.is(this, app, 'this is the server');
      return { injected: true };
    }),
  );
  const { statusCode, body } = await app.inject({ url: '/' });
  t.deepEqual([statusCode, body], [200, '{"injected":true}']);
  await app.close();
  await noTaskLeft();
});

test.serial('a handler of plain node:http works as well', async (t) => {
  const handler = fiberHandler((request: IncomingMessage, response: ServerResponse) => {
    sleep(1);
    send(response, request.url);
  });
  const base = await started(
    t,
    http.createServer((...args) => void handler(...args)),
  );
  t.is(await (await fetch(`${base}/x`)).text(), '/x');
  await noTaskLeft();
});

test.serial('it keeps the number of parameters, which tells Express its error handlers', (t) => {
  t.is(fiberHandler((a, b, c, d) => [a, b, c, d]).length, 4);
  t.is(fiberHandler((a, b) => [a, b]).length, 2);
});

test.serial('bad arguments, and a call by something else, are told', (t) => {
  refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => fiberHandler(undefined as never));
  const handler = fiberHandler((...args: unknown[]) => args);
  refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => void handler());
  refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => void handler({}, {}, () => undefined));
});
