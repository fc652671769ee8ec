// What `send` makes of every kind of value, and what becomes of a stream.
import { createReadStream } from 'node:fs';
import http from 'node:http';
import { PassThrough, Readable } from 'node:stream';

import test from 'ava';
import { currentTask, sleep, wait } from 'greenfiber';
import { createServer, send } from 'greenfiber/http';

import { caught } from '../helpers/in-task';
import { noTaskLeft, raw, started, until } from '../helpers/http';

test.afterEach(noTaskLeft);

const bytes = Uint8Array.of(104, 105, 33, 63);
const form = new FormData();
form.set('a', 'ä');

async function* letters() {
  for (const letter of 'hi!?') {
    await Promise.resolve();
    yield letter;
  }
}

const VALUES: [
  name: string,
  make: () => unknown,
  type: string,
  body: string,
  length: string | null,
][] = [
  ['an ArrayBuffer', () => bytes.slice().buffer, 'application/octet-stream', 'hi!?', '4'],
  ['a DataView', () => new DataView(bytes.buffer, 1, 2), 'application/octet-stream', 'i!', '2'],
  [
    'an array of 16-bit numbers',
    () => new Uint16Array(bytes.slice().buffer),
    'application/octet-stream',
    'hi!?',
    '4',
  ],
  [
    'a SharedArrayBuffer',
    () => new Uint8Array(new SharedArrayBuffer(2)).fill(104).buffer,
    'application/octet-stream',
    'hh',
    '2',
  ],
  ['a Blob', () => new Blob(['hi'], { type: 'text/css' }), 'text/css', 'hi', '2'],
  ['a Blob without a type', () => new Blob(['hi']), 'application/octet-stream', 'hi', '2'],
  ['an empty Blob', () => new Blob([]), 'application/octet-stream', '', '0'],
  [
    'URLSearchParams',
    () => new URLSearchParams({ a: '1 2', b: 'ä' }),
    'application/x-www-form-urlencoded; charset=utf-8',
    'a=1+2&b=%C3%A4',
    '14',
  ],
  ['a stream', () => Readable.from([bytes, 'x']), 'application/octet-stream', 'hi!?x', null],
  ['a web stream', () => new Blob(['hi']).stream(), 'application/octet-stream', 'hi', null],
  ['an async generator', letters, 'application/octet-stream', 'hi!?', null],
  ['a Date', () => new Date(0), 'application/json', '"1970-01-01T00:00:00.000Z"', '26'],
];

for (const [name, make, type, body, length] of VALUES) {
  test.serial(`send answers ${name}`, async (t) => {
    const base = await started(
      t,
      createServer((_, response) => {
        send(response, make());
      }),
    );
    const answer = await fetch(base);
    t.is(await answer.text(), body);
    t.is(answer.headers.get('content-type'), type);
    t.is(answer.headers.get('content-length'), length);
    const head = await fetch(base, { method: 'HEAD' });
    t.deepEqual([head.status, await head.text()], [200, '']);
    t.is(head.headers.get('content-length'), length);
  });
}

test.serial('send answers a form', async (t) => {
  const base = await started(
    t,
    createServer((_, response) => send(response, form)),
  );
  const answer = await fetch(base);
  t.regex(answer.headers.get('content-type')!, /^multipart\/form-data; boundary=/);
  t.regex(await answer.text(), /name="a"\s+ä/);
});

test.serial('a 204, 205 or 304 has no body and no wrong length, whatever is sent', async (t) => {
  const streams: Readable[] = [];
  const values: Record<string, () => unknown> = {
    text: () => 'text',
    json: () => null,
    stream: () => {
      streams.push(Readable.from(['text']));
      return streams.at(-1);
    },
  };
  const base = await started(
    t,
    createServer((request, response) => {
      const [, status, value] = request.url!.split('/');
      response.setHeader('content-type', 'text/html');
      if (status !== '304') response.setHeader('content-length', 7);
      send(response, values[value!]!(), { status: Number(status), headers: { ETag: '"1"' } });
    }),
  );
  for (const status of [204, 205, 304]) {
    for (const value of Object.keys(values)) {
      const { answer, socket } = await raw(
        base,
        `GET /${status}/${value} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
      );
      await until(() => socket.closed);
      const [head, body] = answer().split('\r\n\r\n');
      t.is(body, '', `${status} ${value}`);
      t.is(/content-length: (.*)/i.exec(head!)?.[1], status === 205 ? '0' : undefined);
      t.notRegex(head!, /transfer-encoding/i);
      t.regex(head!, /etag: "1"/i);
    }
  }
  t.true(streams.length === 3 && streams.every((stream) => stream.destroyed));
});

test.serial('a 304 says of the 200 what its handler says', async (t) => {
  const headers = { 'Content-Length': 40 };
  const base = await started(
    t,
    createServer((_, response) => send(response, '', { status: 304, headers })),
  );
  const { answer } = await raw(base, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await until(() => answer().includes('\r\n\r\n'));
  t.regex(answer(), /content-length: 40\r\n/i);
});

test.serial('a content type that the handler names is the only one', async (t) => {
  const base = await started(
    t,
    createServer(({ url }, response) => {
      if (url === '/set') response.setHeader('Content-Type', 'text/html');
      send(response, '<p>', url === '/set' ? {} : { headers: { 'Content-Type': 'text/html' } });
    }),
  );
  for (const url of ['/set', '/given']) {
    const { answer } = await raw(base, `GET ${url} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await until(() => answer().endsWith('<p>'));
    t.deepEqual(answer().match(/content-type: .*/gi), [
      /content-type: text\/html/i.exec(answer())![0],
    ]);
  }
});

test.serial('what cannot be sent is told, and nobody is answered half', async (t) => {
  const promise = Promise.reject(new Error('never seen'));
  const locked = new Blob(['x']).stream();
  locked.getReader();
  const values: unknown[] = [() => 1, Symbol('x'), promise, locked, 1n];
  const codes: unknown[] = [];
  const base = await started(
    t,
    createServer(({ url }, response) => {
      const error = caught(() => send(response, values[Number(url!.slice(1))]));
      codes.push((error as { code?: string }).code ?? (error as Error).name);
      send(response, 'told');
    }),
  );
  for (const i of values.keys()) t.is(await (await fetch(`${base}/${i}`)).text(), 'told');
  const type = 'ERR_FIBER_INVALID_ARG_TYPE';
  t.deepEqual(codes, [type, type, type, 'ERR_STREAM_BUSY', 'TypeError']);
});

test.serial('a stream that fails before its first byte is answered with an error', async (t) => {
  const seen: unknown[] = [];
  const base = await started(
    t,
    createServer(
      (_, response) => {
        const headers = { 'content-length': 1000, 'x-file': 'there' };
        send(response, createReadStream('/no/such/file'), { status: 201, headers });
      },
      { onError: (error) => seen.push((error as NodeJS.ErrnoException).code) },
    ),
  );
  const response = await fetch(base);
  t.deepEqual([response.status, response.headers.get('x-file')], [500, null]);
  t.is(await response.text(), 'The request failed (500)');
  t.deepEqual(seen, ['ENOENT']);
});

test.serial(
  'a stream that fails half-way cuts the answer off, and onError is told once',
  async (t) => {
    const seen: unknown[] = [];
    const base = await started(
      t,
      createServer(
        ({ url }, response) => {
          const stream = new PassThrough();
          send(response, stream);
          stream.write('half');
          sleep(5);
          stream.destroy(url === '/closed' ? undefined : new Error('disk on fire'));
        },
        { onError: (error) => seen.push((error as Error).message) },
      ),
    );
    await t.throwsAsync(async () => (await fetch(base)).text());
    await t.throwsAsync(async () => (await fetch(`${base}/closed`)).text());
    await noTaskLeft();
    t.deepEqual(seen, ['disk on fire', 'Premature close']);
  },
);

test.serial(
  'a client that leaves destroys the stream that it was sent, and cancels a web stream',
  async (t) => {
    const node = new Readable({ read: () => undefined });
    node.push('first');
    let cancelled = 0;
    const web = new ReadableStream({
      start: (controller) => controller.enqueue(Buffer.from('first')),
      cancel: () => {
        cancelled++;
      },
    });
    const seen: unknown[] = [];
    const onError = (error: unknown) => seen.push(error);
    const base = await started(
      t,
      createServer(({ url }, response) => send(response, url === '/web' ? web : node), { onError }),
    );
    for (const url of ['/web', '/node']) {
      const { socket, answer } = await raw(base, `GET ${url} HTTP/1.1\r\nHost: x\r\n\r\n`);
      await until(() => answer().includes('first'));
      socket.destroy();
      await noTaskLeft();
    }
    t.deepEqual([cancelled, node.destroyed, seen], [1, true, []]);
  },
);

test.serial(
  'a handler that is cancelled, or throws, after it sent a stream destroys it',
  async (t) => {
    const streams: Readable[] = [];
    const seen: string[] = [];
    const server = createServer(
      ({ url }, response) => {
        const stream = new Readable({ read: () => undefined });
        streams.push(stream);
        send(response, stream);
        if (url === '/throws') throw new Error('bug');
        currentTask()!.cancel(new Error('cancelled'));
      },
      { onError: (error) => seen.push((error as Error).message) },
    );
    const base = await started(t, server);
    t.is((await fetch(`${base}/throws`)).status, 500);
    t.is((await fetch(base)).status, 500);
    t.deepEqual(seen, ['bug', 'cancelled']);
    t.true(streams.every((stream) => stream.destroyed));
  },
);

test.serial('a send that throws destroys the stream that it was given', async (t) => {
  const stream = Readable.from(['x']);
  const base = await started(
    t,
    createServer((_, response) => {
      send(response, 'first');
      t.is(
        (caught(() => send(response, stream)) as NodeJS.ErrnoException).code,
        'ERR_HTTP_HEADERS_SENT',
      );
    }),
  );
  t.is(await (await fetch(base)).text(), 'first');
  await noTaskLeft();
  t.true(stream.destroyed);
});

test.serial('a stream may be sent first and written to after that', async (t) => {
  const base = await started(
    t,
    createServer((_, response) => {
      const stream = new PassThrough();
      send(response, stream);
      for (const word of ['a', 'b', 'c']) {
        stream.write(word);
        sleep(1);
      }
      stream.end();
    }),
  );
  t.is(await (await fetch(base)).text(), 'abc');
});

test.serial(
  'a long stream has back-pressure, and the handler is under way until it has gone out',
  async (t) => {
    let produced = 0;
    const server = createServer((_, response) => {
      const read = function (this: Readable): void {
        produced += 1 << 16;
        this.push(produced > 1 << 25 ? null : Buffer.alloc(1 << 16));
      };
      send(response, new Readable({ read }));
    });
    const { socket, answer } = await raw(
      await started(t, server),
      'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
    );
    await until(() => answer().length > 0);
    socket.pause();
    await new Promise((resolve) => setTimeout(resolve, 50));
    t.true(produced < 1 << 25);
    t.is(server.active, 1);
    socket.resume();
    await until(() => answer().endsWith('\r\n0\r\n\r\n'));
    t.is(server.active, 0);
  },
);

test.serial(
  'outside of tasks a stream goes out as well, and its failure is answered',
  async (t) => {
    const base = await started(
      t,
      http.createServer(({ url }, response) => {
        send(
          response,
          url === '/bad' ? createReadStream('/no/such/file') : Readable.from(['fine']),
        );
      }),
    );
    t.is(await (await fetch(base)).text(), 'fine');
    t.is((await fetch(`${base}/bad`)).status, 500);
  },
);

test.serial('the answer of a promise is sent by waiting for it', async (t) => {
  const base = await started(
    t,
    createServer((_, response) => send(response, wait(Promise.resolve({ a: 1 })))),
  );
  t.deepEqual(await (await fetch(base)).json(), { a: 1 });
});
