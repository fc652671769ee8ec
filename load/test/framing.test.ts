// How answers are framed (RFC 9112), and what requests look like on the wire.
import { createServer, type IncomingMessage } from 'node:http';
import net, { type AddressInfo, type Server } from 'node:net';
import { Readable } from 'node:stream';

import test from 'ava';
import { type FiberError } from 'greenfiber';
import {
  http,
  registryOf,
  type LoadResponse,
  type Results,
  type LoadOptions,
} from 'greenfiber-load';

import { oneIteration } from './one-iteration';

const listening = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref(); // a test that fails does not come to closing it
  server.on('connection', (socket) => socket.unref());
  return (server.address() as AddressInfo).port;
};

/** One iteration of one user, against this port. */
const once = (port: number, iteration: () => void, options: LoadOptions = {}) =>
  oneIteration(iteration, { target: `http://127.0.0.1:${port}`, ...options });

const sum = (results: Results, name: string) =>
  (registryOf(results).metrics.get(name)!.total() as { sum: number }).sum;

const said = ({ failure, status, text }: LoadResponse, answer: LoadResponse): string =>
  failure?.kind ?? `${status} ${text.call(answer)}`;

/** Answers as they are sent, and what becomes of them. `END` closes the connection. */
const ANSWERS: Readonly<Record<string, readonly [answer: string, expected: string]>> = {
  'a 100 and a 103 before the answer': [
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi',
    '200 hi',
  ],
  'a 204 that claims a length': ['HTTP/1.1 204 No Content\r\ncontent-length: 4\r\n\r\n', '204 '],
  'a 304 that claims a length': ['HTTP/1.1 304 Not Modified\r\ncontent-length: 4\r\n\r\n', '304 '],
  'chunks with extensions and trailers': [
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;a=b\r\nhi\r\nA\r\n, you here\r\n0\r\nx: y\r\n\r\n',
    '200 hi, you here',
  ],
  'chunks beside a length': [
    'HTTP/1.1 200 OK\r\ncontent-length: 99\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n',
    '200 hi',
  ],
  'the same length twice': ['HTTP/1.1 200 OK\r\ncontent-length: 2, 2\r\n\r\nhi', '200 hi'],
  'two different lengths': [
    'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nhi',
    'protocol',
  ],
  'a length below nothing': ['HTTP/1.1 200 OK\r\ncontent-length: -2\r\n\r\nhi', 'protocol'],
  'a chunk without a size': [
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\nhi',
    'protocol',
  ],
  'a chunk beyond its size': [
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nhi\r\n0\r\n\r\n',
    'protocol',
  ],
  'a body up to the end of the connection': ['HTTP/1.1 200 OK\r\n\r\nhelloEND', '200 hello'],
  'an answer of HTTP/1.0': ['HTTP/1.0 200 OK\r\n\r\nhelloEND', '200 hello'],
  'half a body': ['HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhelloEND', 'reset'],
  'nothing at all': ['END', 'reset'],
  'another protocol unasked': ['HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n', 'protocol'],
  'another version': ['HTTP/2 200\r\n\r\n', 'protocol'],
  'a line that is no header': ['HTTP/1.1 200 OK\r\nnonsense\r\n\r\n', 'protocol'],
  'a folded header': ['HTTP/1.1 200 OK\r\nx: a\r\n b\r\ncontent-length: 2\r\n\r\nhi', '200 hi'],
  'empty lines first': ['\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi', '200 hi'],
  'a status without a reason': ['HTTP/1.1 200\r\ncontent-length: 2\r\n\r\nhi', '200 hi'],
};

for (const inPieces of [false, true]) {
  test(`answers end where RFC 9112 says${inPieces ? ', also byte by byte' : ''}`, async (t) => {
    const send = async (socket: net.Socket, answer: string): Promise<void> => {
      const ends = answer.endsWith('END');
      const text = ends ? answer.slice(0, -3) : answer;
      for (const piece of inPieces ? text : [text]) {
        socket.write(piece);
        if (inPieces) await new Promise((resolve) => setImmediate(resolve));
      }
      if (ends) socket.end();
    };
    const server = net.createServer({ noDelay: true }, (socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (data) => {
        const [, name = ''] = /GET \/(\S+)/.exec(data.toString()) ?? [];
        void send(socket, ANSWERS[decodeURIComponent(name)]![0]);
      });
    });
    const port = await listening(server);
    await once(
      port,
      () => {
        for (const [name, [, expected]] of Object.entries(ANSWERS)) {
          const answer = http.get(`/${encodeURIComponent(name)}`);
          t.is(said(answer, answer), expected, name);
        }
      },
      { timeout: '5s' },
    );
    server.close();
  });
}

test('a connection is used again after HEAD, 204, 304 and chunks, and not after what closes it', async (t) => {
  let connections = 0;
  const server = createServer((request, response) => {
    const [, status = '200'] = /\/(\d+)/.exec(request.url!) ?? [];
    response.statusCode = Number(status);
    if (request.url === '/close') response.setHeader('connection', 'close');
    response.write('x', () => response.end());
  }).on('connection', () => connections++);
  const port = await listening(server);
  await once(port, () => {
    http.head('/200');
    for (const path of ['/204', '/304', '/200', '/close', '/200']) http.get(path);
  });
  t.is(connections, 2);
  server.close();
});

test('a timeout is that of the whole request, to the millisecond', async (t) => {
  const server = createServer((_, response) => {
    const timer = setInterval(() => response.write('x'), 20);
    response.on('close', () => clearInterval(timer));
  });
  const port = await listening(server);
  const took: number[] = [];
  const results = await once(
    port,
    () => {
      for (const options of [{}, { timeout: 120 }, { timeout: '150ms' }, { timeout: '2s' }]) {
        const answer = http.get('/', options);
        t.is(answer.failure?.kind, 'timeout');
        took.push(answer.duration);
      }
    },
    { timeout: 180 },
  );
  // A machine that is busy is late, but the server would go on for ever.
  t.true(took[0]! >= 179 && took[0]! < 5000, String(took[0]));
  t.true(took[1]! >= 119 && took[1]! < 5000, String(took[1]));
  t.true(took[2]! >= 149 && took[2]! < 5000, String(took[2]));
  t.true(sum(results, 'data_received') > 100, 'what came before counts');
  server.close();
});

/** What a server sees of one request: its headers as they came, and its body. */
async function seen(
  send: (target: string) => void,
): Promise<{ raw: string[]; body: string; results: Results }> {
  let request: IncomingMessage | undefined;
  let body = '';
  const server = createServer((incoming, response) => {
    request = incoming;
    incoming.setEncoding('utf8').on('data', (text: string) => (body += text));
    incoming.on('end', () => response.end('ok'));
  });
  const port = await listening(server);
  const results = await once(port, () => send(`http://127.0.0.1:${port}/`));
  server.close();
  return { raw: request!.rawHeaders, body, results };
}

const values = (raw: string[], name: string): string[] =>
  raw.filter((_, index) => index % 2 === 1 && raw[index - 1]!.toLowerCase() === name);

const bodies: [
  name: string,
  body: () => unknown,
  text: string | RegExp,
  type: RegExp | undefined,
][] = [
  ['text', () => 'hi', 'hi', undefined],
  ['bytes', () => Buffer.from('hi'), 'hi', undefined],
  ['an ArrayBuffer', () => new Uint8Array([104, 105]).buffer, 'hi', undefined],
  ['a view', () => new DataView(new Uint8Array([0, 104, 105]).buffer, 1), 'hi', undefined],
  ['numbers of 16 bits', () => new Uint16Array([0x6968]), 'hi', undefined],
  ['a query', () => new URLSearchParams({ a: '1 2' }), 'a=1+2', /^application\/x-www-form/],
  ['a blob', () => new Blob(['hi'], { type: 'text/x' }), 'hi', /^text\/x$/],
  ['a stream', () => Readable.from([Buffer.from('h'), Buffer.from('i')]), 'hi', undefined],
  ['an object', () => ({ n: 1 }), '{"n":1}', /^application\/json$/],
  ['nothing', () => null, '', undefined],
  [
    'a form',
    () => {
      const form = new FormData();
      form.set('a', '1');
      return form;
    },
    /name="a"\r\n\r\n1\r\n/,
    /^multipart\/form-data; boundary=/,
  ],
];

for (const [name, body, text, type] of bodies) {
  test(`a body may be ${name}`, async (t) => {
    const request = await seen(() => void http.post('/', body()));
    if (typeof text === 'string') t.is(request.body, text);
    else t.regex(request.body, text);
    const types = values(request.raw, 'content-type');
    if (type === undefined) t.deepEqual(types, []);
    else t.regex(types.join(), type);
    t.deepEqual(values(request.raw, 'content-length'), [String(Buffer.byteLength(request.body))]);
  });
}

test('headers are sent once, whatever their case, and credentials of a URL as Basic', async (t) => {
  const headers = { 'Content-Type': 'text/a', 'content-TYPE': 'text/b', 'X-Many': ['1', '2'] };
  const request = await seen((target) => {
    http.post(target.replace('//', '//ann:s%20t@'), { a: 1 }, { headers });
  });
  t.deepEqual(values(request.raw, 'content-type'), ['text/b']);
  t.deepEqual(values(request.raw, 'x-many'), ['1', '2']);
  t.deepEqual(values(request.raw, 'authorization'), [`Basic ${btoa('ann:s t')}`]);
  t.is(values(request.raw, 'host').length, 1);
  t.false(JSON.stringify(request.results).includes('ann'), 'no report shows them');
});

test('bytes are those on the wire, with headers', async (t) => {
  let received = 0;
  const answer = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello';
  const server = net.createServer((socket) => {
    socket.on('data', (data) => {
      received += data.length;
      socket.write(answer);
    });
  });
  const port = await listening(server);
  const results = await once(port, () => {
    http.get('/');
    http.post('/', 'grüße', { headers: { x: 'y' } });
  });
  t.is(sum(results, 'data_sent'), received);
  t.is(sum(results, 'data_received'), 2 * answer.length);
  server.close();
});

const mistakes: [name: string, send: () => void][] = [
  ['a header with a line break', () => void http.get('/', { headers: { x: 'a\nb' } })],
  ['a header whose name has a space', () => void http.get('/', { headers: { 'x y': 'a' } })],
  ['a header that is an object', () => void http.get('/', { headers: { x: {} as never } })],
  ['a method with a space', () => void http.request('GE T', '/')],
  ['a tunnel', () => void http.request('CONNECT', '/')],
  [
    'a length that is not that of the body',
    () => void http.post('/', 'x', { headers: { 'Content-Length': '5' } }),
  ],
  [
    'a coding that the client does not do',
    () => void http.post('/', 'x', { headers: { 'transfer-encoding': 'gzip' } }),
  ],
  ['a timeout of nothing', () => void http.get('/', { timeout: 0 })],
  ['a body that has no JSON', () => void http.post('/', () => undefined)],
  [
    'a body that goes round in circles',
    () => {
      const a: { a?: unknown } = {};
      a.a = a;
      http.post('/', a);
    },
  ],
  ['tags that are no text', () => void http.get('/', { tags: { a: {} as never } })],
];

test('a mistake in a request is thrown where it was made, and reaches nobody', async (t) => {
  let hits = 0;
  const server = createServer((_, response) => {
    hits++;
    response.end();
  });
  const port = await listening(server);
  const results = await once(port, () => {
    for (const [name, send] of mistakes) {
      const { code } = t.throws<FiberError>(send, undefined, name);
      t.regex(code, /^ERR_FIBER_INVALID_ARG_/, name);
    }
  });
  t.is(hits, 0);
  t.deepEqual(results.errors, []);
  server.close();
});
