// Requests and the connections that they come on: kept alive, pipelined, left, shut down.
import http from 'node:http';

import test from 'ava';
import { currentTask, sleep, type FiberError } from 'greenfiber';
import { createServer, json, send, text } from 'greenfiber/http';

import { noTaskLeft, raw, started, until } from '../helpers/http';
import { caught } from '../helpers/in-task';

test.afterEach(noTaskLeft);

const code = (error: unknown): string | undefined => (error as FiberError | undefined)?.code;

test.serial('work after the answer is not cancelled when the client leaves', async (t) => {
  let finished = false;
  const server = createServer((_, response) => {
    send(response, 'done');
    sleep(30);
    finished = true;
  });
  const base = await started(t, server);
  const { socket, answer } = await raw(base, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await until(() => answer().endsWith('done'));
  socket.destroy();
  await noTaskLeft();
  t.true(finished);
});

test.serial('requests on a connection that is kept alive have a task each', async (t) => {
  const ids = new Set<number | undefined>();
  const base = await started(
    t,
    createServer((request, response) => {
      ids.add(currentTask()?.id);
      send(response, text(request));
    }),
  );
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const ports = new Set<number | undefined>();
  for (let i = 0; i < 5; i++) {
    const body = await new Promise((resolve, reject) => {
      const request = http.request(base, { agent, method: 'POST' }, (response) => {
        ports.add(response.socket.localPort);
        response.setEncoding('utf8').on('data', resolve);
      });
      request.on('error', reject).end(`body ${i}`);
    });
    t.is(body, `body ${i}`);
  }
  t.deepEqual([ids.size, ports.size], [5, 1]);
  agent.destroy();
});

test.serial('pipelined requests run at the same time and are answered in order', async (t) => {
  let most = 0;
  const server = createServer((request, response) => {
    most = Math.max(most, server.active);
    sleep(request.url === '/0' ? 20 : 0);
    send(response, `answer ${request.url}\n`);
  });
  const requests = [0, 1, 2].map((i) => `GET /${i} HTTP/1.1\r\nHost: x\r\n\r\n`).join('');
  const { socket, answer } = await raw(await started(t, server), requests);
  await until(() => answer().includes('answer /2\n'));
  t.deepEqual(answer().match(/answer \/\d/g), ['answer /0', 'answer /1', 'answer /2']);
  t.is(most, 3);
  socket.destroy();
});

test.serial('a client that leaves cancels all its pipelined requests', async (t) => {
  const reasons: unknown[] = [];
  const server = createServer((request) => {
    text(request);
    reasons.push(code(caught(() => sleep(1e6))));
  });
  const requests = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(3);
  const { socket } = await raw(await started(t, server), requests);
  await until(() => server.active === 3);
  socket.destroy();
  await noTaskLeft();
  t.deepEqual(reasons, Array(3).fill('ERR_HTTP_CLIENT_GONE'));
});

test.serial('a thousand clients at once', async (t) => {
  const server = createServer((request, response) => {
    sleep(5);
    send(response, json(request));
  });
  const base = await started(t, server);
  const agent = new http.Agent({ keepAlive: true, maxSockets: Infinity });
  const answers = await Promise.all(
    Array.from(
      { length: 1000 },
      (_, i) =>
        new Promise<string>((resolve, reject) => {
          const request = http.request(base, { agent, method: 'POST' }, (response) => {
            let body = '';
            response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
            response.on('end', () => resolve(body));
          });
          request.on('error', reject).end(JSON.stringify({ number: i }));
        }),
    ),
  );
  t.true(answers.every((answer, i) => answer === `{"number":${i}}`));
  agent.destroy();
});

test.serial(
  'shutdown answers what is under way, then closes; idle connections go at once',
  async (t) => {
    const server = createServer((_, response) => {
      sleep(30);
      send(response, 'answered');
    });
    const base = await started(t, server);
    const idle = await raw(base);
    const busy = await raw(base, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await until(() => server.active === 1);
    await server.shutdown();
    await until(() => idle.socket.closed && busy.socket.closed);
    t.regex(busy.answer(), /Connection: close[^]*answered$/i);
    t.is(server.active, 0);
  },
);

test.serial(
  'shutdown closes a connection whose answer had begun when it was asked for',
  async (t) => {
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-length': 4 });
      response.write('do');
      sleep(30);
      response.end('ne');
    });
    const base = await started(t, server);
    const { socket, answer } = await raw(base, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await until(() => answer().endsWith('do'));
    await server.shutdown();
    await until(() => socket.closed);
    t.regex(answer(), /done$/);
  },
);

test.serial('shutdown cancels what is left after its grace', async (t) => {
  let reason: unknown;
  const server = createServer(
    () => {
      reason = caught(() => sleep(1e6));
      throw reason;
    },
    { onError: () => undefined },
  );
  const base = await started(t, server);
  await raw(base, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await until(() => server.active === 1);
  await server.shutdown(10);
  t.is((reason as Error).name, 'AbortError');
});
