import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';

import test from 'ava';
import { sleep, timeout } from 'greenfiber';
import { buffer, createServer, json, send, text } from 'greenfiber/http';

import { refused } from '../helpers/codes';
import { noTaskLeft, raw, started, until } from '../helpers/http';

test.afterEach(noTaskLeft);

const post = (base: string, body: string | Uint8Array) => fetch(base, { method: 'POST', body });

test.serial('buffer, text and json answer the body', async (t) => {
  const base = await started(
    t,
    createServer((request, response) => {
      if (request.url === '/text') send(response, text(request));
      else if (request.url === '/json') send(response, json(request));
      else send(response, [...buffer(request)]);
    }),
  );
  t.is(await (await post(`${base}/text`, 'grüße 👋')).text(), 'grüße 👋');
  t.deepEqual(await (await post(`${base}/json`, '{"a":[1,null]}')).json(), { a: [1, null] });
  t.deepEqual(await (await post(`${base}/buffer`, Uint8Array.of(0, 255))).json(), [0, 255]);
  t.is(await (await fetch(`${base}/text`)).text(), '');
});

test.serial('a body that is not JSON is answered with 400', async (t) => {
  const base = await started(
    t,
    createServer((request, response) => send(response, json(request))),
  );
  const response = await post(base, '{"a":');
  t.deepEqual([response.status, await response.text()], [400, 'The body is not JSON']);
  t.is((await fetch(base)).status, 400);
});

test.serial('a body above the limit is answered with 413, announced or not', async (t) => {
  const server = createServer((request, response) => {
    send(response, text(request, { limit: 10 }));
  });
  const base = await started(t, server);
  t.is((await post(base, '0123456789')).status, 200);
  const announced = await raw(
    base,
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n',
  );
  await until(() => announced.answer().includes('413 Payload Too Large'));
  const chunked = await raw(
    base,
    'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n',
  );
  await until(() => chunked.answer().includes('413 Payload Too Large'));
  await until(() => announced.socket.closed && chunked.socket.closed);
  t.is(server.active, 0);
});

// A connection that is closed over unread bytes is reset, and the client's system forgets what it had received.
test.serial('a client that reads only when it has sent everything sees the 413', async (t) => {
  const server = createServer((request, response) => {
    send(response, text(request, { limit: 10 }));
  });
  const base = await started(t, server);
  const length = 8 << 20;
  for (const head of [`Content-Length: ${length}`, 'Transfer-Encoding: chunked']) {
    const socket = net.connect(Number(new URL(base).port)).pause();
    socket.write(`POST / HTTP/1.1\r\nHost: x\r\n${head}\r\n\r\n`);
    if (head.startsWith('T')) socket.write(`${length.toString(16)}\r\n`);
    for (let sent = 0; sent < length; sent += 1 << 16) {
      if (!socket.write(Buffer.alloc(1 << 16))) await once(socket, 'drain');
    }
    if (head.startsWith('T')) socket.write('\r\n0\r\n\r\n');
    const answer = Buffer.concat(await socket.resume().toArray()).toString();
    t.regex(answer, /^HTTP\/1\.1 413 [^]*The body is longer than 10 bytes$/, head);
  }
});

test.serial('a body that nobody reads is not gathered', async (t) => {
  let buffered = 0;
  const base = await started(
    t,
    createServer((request, response) => {
      sleep(50);
      buffered = request.readableLength + request.socket.readableLength;
      send(response, 'ignored');
    }),
  );
  const request = http.request(base, { method: 'POST' });
  request.on('error', () => undefined);
  const answer = new Promise((resolve) => request.on('response', resolve));
  const flood = setInterval(() => request.write(Buffer.alloc(1 << 16)), 1);
  await answer;
  clearInterval(flood);
  request.destroy();
  t.true(buffered < 1 << 18, String(buffered));
});

test.serial('a read of the body that is cancelled can be taken up again', async (t) => {
  let sendRest: () => void = () => undefined;
  const base = await started(
    t,
    createServer((request, response) => {
      refused(t, 'ERR_TIMEOUT', () => timeout(20, () => text(request)));
      sendRest();
      send(response, text(request));
    }),
  );
  const body = await new Promise((resolve) => {
    const request = http.request(base, { method: 'POST' }, (response) => {
      response.setEncoding('utf8').on('data', resolve);
    });
    request.write('first ');
    sendRest = () => request.end('second');
  });
  t.is(body, 'first second');
});

test.serial('a body is read once', async (t) => {
  const base = await started(
    t,
    createServer((request, response) => {
      text(request);
      refused(t, 'ERR_STREAM_BUSY', () => text(request));
      send(response, 'once');
    }),
  );
  t.is((await post(base, 'x')).status, 200);
});

test.serial('bad limits are told by name', async (t) => {
  const base = await started(
    t,
    createServer((request, response) => {
      refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () => text(request, { limit: -1 }));
      refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => text(request, { limit: '1' as never }));
      refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => text(request, 1 as never));
      send(response, text(request));
    }),
  );
  t.is((await post(base, 'x')).status, 200);
});
