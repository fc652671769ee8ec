// Bodies that are compressed, and those whose text is not plain UTF-8.
import http from 'node:http';
import { Readable } from 'node:stream';
import zlib from 'node:zlib';

import test from 'ava';
import { timeout } from 'greenfiber';
import { buffer, createServer, json, send, text } from 'greenfiber/http';

import { refused } from '../helpers/codes';
import { noTaskLeft, raw, started, until } from '../helpers/http';

test.afterEach(noTaskLeft);

const { zstdCompressSync } = zlib as { zstdCompressSync?: typeof zlib.gzipSync };

const ENCODINGS: Record<string, (body: Buffer) => Buffer> = {
  gzip: (body) => zlib.gzipSync(body),
  'X-GZIP': (body) => zlib.gzipSync(body),
  deflate: (body) => zlib.deflateSync(body),
  'deflate ': (body) => zlib.deflateRawSync(body),
  br: (body) => zlib.brotliCompressSync(body),
  'gzip, br': (body) => zlib.brotliCompressSync(zlib.gzipSync(body)),
  identity: (body) => body,
  ...(zstdCompressSync && { zstd: (body: Buffer) => zstdCompressSync(body) }),
};

const post = (base: string, body: string | Uint8Array, headers: Record<string, string>) =>
  fetch(base, { method: 'POST', body, headers });

test.serial('a body is decoded by its content encoding', async (t) => {
  const base = await started(
    t,
    createServer((request, response) => {
      send(response, request.url === '/json' ? json(request) : text(request, { limit: 1 << 26 }));
    }),
  );
  const long = 'grüße '.repeat(100_000);
  for (const [encoding, encode] of Object.entries(ENCODINGS)) {
    const headers = { 'content-encoding': encoding };
    const response = await post(`${base}/json`, encode(Buffer.from('{"a":"ä"}')), headers);
    t.deepEqual(await response.json(), { a: 'ä' }, encoding);
    t.is(await (await post(base, encode(Buffer.from(long)), headers)).text(), long, encoding);
    t.is(await (await post(base, encode(Buffer.alloc(0)), headers)).text(), '', encoding);
    const bare = await fetch(base, { headers });
    t.deepEqual(
      [bare.status, await bare.text()],
      [200, ''],
      'without a body there is nothing to decode',
    );
  }
});

test.serial('the limit is that of what is inflated', async (t) => {
  const server = createServer((request, response) => {
    send(response, String(buffer(request, { limit: 1000 }).length));
  });
  const base = await started(t, server);
  for (const [encoding, encode] of Object.entries(ENCODINGS)) {
    const headers = { 'content-encoding': encoding };
    t.is(await (await post(base, encode(Buffer.alloc(1000)), headers)).text(), '1000', encoding);
    t.is((await post(base, encode(Buffer.alloc(1001)), headers)).status, 413, encoding);
  }
  let inflated = 0;
  const gunzip = Object.getPrototypeOf(zlib.createGunzip()) as Readable;
  gunzip.push = function (this: Readable, chunk: Buffer | null) {
    inflated += chunk?.length ?? 0;
    return Readable.prototype.push.call(this, chunk);
  };
  t.teardown(() => Reflect.deleteProperty(gunzip, 'push'));
  const bomb = zlib.gzipSync(Buffer.alloc(1 << 25)); // 32 KiB
  t.is((await post(base, bomb, { 'content-encoding': 'gzip' })).status, 413);
  t.true(inflated < 1 << 20, `${inflated} bytes of the bomb were inflated`);
  const tiny = { 'content-encoding': 'gzip' };
  const answer = await post(base, zlib.gzipSync(Buffer.from('x'), { level: 0 }), tiny);
  t.is(await answer.text(), '1');
});

test.serial(
  'a body that is compressed to more than the limit is let through where it fits',
  async (t) => {
    const base = await started(
      t,
      createServer((request, response) => send(response, text(request, { limit: 2 }))),
    );
    const answer = await post(base, zlib.gzipSync('ab'), { 'content-encoding': 'gzip' });
    t.deepEqual([answer.status, await answer.text()], [200, 'ab']);
  },
);

test.serial('what is not encoded as it says is the client’s mistake', async (t) => {
  const seen: unknown[] = [];
  const base = await started(
    t,
    createServer((request, response) => send(response, text(request)), {
      onError: (error) => seen.push(error),
    }),
  );
  for (const encoding of ['gzip', 'deflate', 'br']) {
    const headers = { 'content-encoding': encoding };
    const garbage = await post(base, 'no such encoding \u0000', headers);
    t.deepEqual(
      [garbage.status, await garbage.text()],
      [400, 'The body is not encoded as it says'],
    );
    const whole = ENCODINGS[encoding]!(Buffer.from('x'.repeat(1000)));
    t.is((await post(base, whole.subarray(0, whole.length - 3), headers)).status, 400, 'cut off');
  }
  const unknown = await post(base, 'x', { 'content-encoding': 'lzma' });
  t.deepEqual(
    [unknown.status, await unknown.text()],
    [415, 'The content encoding lzma is not known'],
  );
  const often = Array<string>(9).fill('gzip').join();
  t.is((await post(base, 'x', { 'content-encoding': often })).status, 415);
  t.deepEqual(seen, []);
});

test.serial(
  'a compressed body is read once, and a read that is cancelled can be taken up again',
  async (t) => {
    let sendRest: () => void = () => undefined;
    const base = await started(
      t,
      createServer((request, response) => {
        refused(t, 'ERR_TIMEOUT', () => timeout(20, () => text(request)));
        sendRest();
        refused(t, 'ERR_TIMEOUT', () => timeout(20, () => text(request)));
        sendRest();
        const body = text(request);
        refused(t, 'ERR_STREAM_BUSY', () => text(request));
        send(response, body);
      }),
    );
    const parts = zlib.deflateSync(Buffer.from('first second'));
    const body = await new Promise((resolve) => {
      const headers = { 'content-encoding': 'deflate' };
      const request = http.request(base, { method: 'POST', headers }, (response) => {
        response.setEncoding('utf8').on('data', resolve);
      });
      request.flushHeaders();
      sendRest = () => {
        sendRest = () => request.end(parts.subarray(3));
        request.write(parts.subarray(0, 3));
      };
    });
    t.is(body, 'first second');
  },
);

test.serial(
  'a client that leaves in the middle of a compressed body is nobody’s mistake',
  async (t) => {
    const seen: unknown[] = [];
    const server = createServer((request, response) => send(response, text(request)), {
      onError: (error) => seen.push(error),
    });
    const head =
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: 99\r\n\r\n';
    const { socket } = await raw(await started(t, server), head);
    socket.write(zlib.gzipSync('x'.repeat(100)).subarray(0, 12));
    await until(() => server.active === 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    socket.destroy();
    await noTaskLeft();
    t.deepEqual(seen, []);
  },
);

test.serial(
  'text and json leave a byte order mark out, and know the charset that is named',
  async (t) => {
    const base = await started(
      t,
      createServer((request, response) => {
        const body = request.url === '/json' ? json(request) : text(request);
        send(response, { body });
      }),
    );
    const ask = async (path: string, body: Buffer, type: string): Promise<unknown> =>
      (
        (await (await post(base + path, body, { 'content-type': type })).json()) as {
          body: unknown;
        }
      ).body;
    const mark = Buffer.of(0xef, 0xbb, 0xbf);
    const plain = 'application/json';
    t.deepEqual(await ask('/json', Buffer.concat([mark, Buffer.from('{"a":1}')]), plain), { a: 1 });
    t.is(await ask('/', Buffer.concat([mark, Buffer.from('ä')]), 'text/plain'), 'ä');
    t.is(await ask('/', Buffer.of(0xe4), 'text/plain; charset=ISO-8859-1'), 'ä');
    t.is(await ask('/', Buffer.from('\ufeffä', 'utf16le'), 'text/plain; charset="utf-16le"'), 'ä');
    t.is(await ask('/', Buffer.from('ä'), 'text/plain;charset=UTF-8'), 'ä');
    t.is((await post(base, 'x', { 'content-type': 'text/plain; charset=klingon' })).status, 415);
  },
);
