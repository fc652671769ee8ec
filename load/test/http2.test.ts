// HTTP/2 over real sockets: streams of one connection, what is measured of them, and peers that do as they like.
import {
  constants,
  createSecureServer,
  createServer,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { createServer as createHttp1 } from 'node:http';
import { createServer as createHttps } from 'node:https';
import net from 'node:net';
import { join } from 'node:path';

import test from 'ava';
import { group } from 'greenfiber';
import {
  http,
  registryOf,
  type LoadOptions,
  type LoadResponse,
  type Results,
} from 'greenfiber-load';

import { runChild } from '../../test/helpers/child';
import { ROOT } from '../../test/helpers/root';
import { certificate } from './certificate';
import { listening, outcome } from './listening';
import { oneIteration } from './one-iteration';

const HTTP2: LoadOptions = { httpVersion: '2', insecure: true };

/** Answers with what it was asked. */
function echo(stream: ServerHttp2Stream, headers: Readonly<Record<string, unknown>>): void {
  stream.on('error', () => undefined);
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('end', () => {
    stream.respond({ ':status': 201, 'x-several': 'yes', 'set-cookie': ['a=1', 'b=2'] });
    if (headers[':method'] === 'HEAD') return void stream.end();
    stream.end(JSON.stringify({ ...headers, body: Buffer.concat(chunks).toString() }));
  });
}

const sum = (results: Results, name: string) =>
  (registryOf(results).metrics.get(name)?.total() as { sum: number } | undefined)?.sum ?? 0;

test('without asking, HTTP/2 is spoken in clear text: methods, headers, bodies and cookies', async (t) => {
  const port = await listening(t, createServer().on('stream', echo));
  const results = await oneIteration(
    () => {
      const got = http.get('/a?b=c', { headers: { 'X-Mine': 'yes', Connection: 'close' } });
      t.like(got, { status: 201, ok: true, httpVersion: '2', failure: undefined });
      t.is(got.headers['x-several'], 'yes');
      t.is(got.headers['set-cookie'], 'a=1, b=2');
      const seen = got.json() as Record<string, string>;
      t.like(seen, { ':method': 'GET', ':path': '/a?b=c', ':scheme': 'http', 'x-mine': 'yes' });
      t.is(seen[':authority'], `127.0.0.1:${port}`);
      t.false('connection' in seen);
      const posted = http.post('/p', { n: 1 }).json();
      t.like(posted, {
        body: '{"n":1}',
        'content-type': 'application/json',
        'content-length': '7',
      });
      t.like(http.get('/', { headers: { host: 'shop.test' } }).json(), {
        ':authority': 'shop.test',
      });
      t.is(http.head('/').status, 201);
      t.is(http.get('/', { discard: true }).body.length, 0);
    },
    { ...HTTP2, target: `http://127.0.0.1:${port}` },
  );
  t.is(sum(results, 'http_reqs'), 5);
  t.deepEqual(results.errors, []);
});

test('what tasks of a user ask for at once goes over one connection, and as much as the server allows', async (t) => {
  let [connections, now, most] = [0, 0, 0];
  const waiting: ServerHttp2Stream[] = [];
  const server = createServer({ settings: { maxConcurrentStreams: 4 } });
  server.on('session', () => connections++);
  server.on('stream', (stream: ServerHttp2Stream) => {
    most = Math.max(most, ++now);
    waiting.push(stream);
    if (waiting.length < 4) return;
    for (const each of waiting.splice(0)) {
      now--;
      each.respond({ ':status': 200 });
      each.end('x');
    }
  });
  const port = await listening(t, server);
  const answers: LoadResponse[] = [];
  await oneIteration(
    () => {
      group((tasks) => {
        for (let i = 0; i < 4; i++) tasks.spawn(() => answers.push(http.get('/first')));
      });
      group((tasks) => {
        for (let i = 0; i < 12; i++) tasks.spawn(() => answers.push(http.get('/then')));
      });
    },
    { ...HTTP2, target: `http://127.0.0.1:${port}` },
  );
  t.is(answers.filter(({ status }) => status === 200).length, 16);
  t.deepEqual({ connections, most }, { connections: 1, most: 4 });
});

test('over TLS it is agreed upon, and the first request tells what the connection costs', async (t) => {
  const { key, cert } = certificate();
  const port = await listening(t, createSecureServer({ key, cert }).on('stream', echo));
  const results = await oneIteration(() => {
    const [first, second] = [1, 2].map(() => http.get(`https://localhost:${port}/`));
    t.like(
      [first, second],
      [
        { httpVersion: '2', status: 201 },
        { httpVersion: '2', status: 201 },
      ],
    );
    t.true(first!.timings.connecting > 0 && first!.timings.tls > 0, JSON.stringify(first!.timings));
    t.like(second!.timings, { dns: 0, connecting: 0, tls: 0 });
    for (const { timings, duration } of [first!, second!]) {
      const total = Object.values<number>({ ...timings }).reduce((all, each) => all + each, 0);
      t.true(Math.abs(total - duration) < 0.01, JSON.stringify(timings));
    }
  }, HTTP2);
  const { metrics } = registryOf(results);
  const counts = ['http_req_tls_handshaking', 'http_req_waiting'].map(
    (name) => (metrics.get(name)!.total() as { histogram: { count: number } }).histogram.count,
  );
  t.deepEqual(counts, [1, 2]);
});

test('with "auto" the server chooses, and nothing is lost that was sent before it has', async (t) => {
  const { key, cert } = certificate();
  const connections = { old: 0, both: 0 };
  const old = createHttps({ key, cert }, (request, response) => response.end(request.url));
  old.on('secureConnection', () => connections.old++);
  const both = createSecureServer({ key, cert, allowHTTP1: true }, (request, response) => {
    response.end(request.url);
  });
  both.on('secureConnection', () => connections.both++);
  const plain = createHttp1((_, response) => response.end('plain'));
  const [oldPort, bothPort] = [await listening(t, old), await listening(t, both)];
  const plainPort = await listening(t, plain);
  await oneIteration(
    () => {
      for (const [port, version] of [
        [oldPort, '1.1'],
        [bothPort, '2'],
      ] as const) {
        const origin = `https://localhost:${port}`;
        const answers: LoadResponse[] = [];
        group((tasks) => {
          for (const path of ['/a', '/b', '/c']) {
            tasks.spawn(() => answers.push(http.get(`${origin}${path}`)));
          }
        });
        answers.push(http.get(`${origin}/d`));
        t.deepEqual(answers.map(outcome).sort(), ['200 /a', '200 /b', '200 /c', '200 /d']);
        t.true(answers.every(({ httpVersion }) => httpVersion === version));
        t.is(answers.filter(({ timings }) => timings.tls > 0).length, version === '2' ? 1 : 3);
      }
      t.is(http.get(`http://127.0.0.1:${plainPort}/`).httpVersion, '1.1');
    },
    { httpVersion: 'auto', insecure: true },
  );
  t.deepEqual(connections, { old: 3, both: 1 });
});

test('bytes are those on the wire, with all frames', async (t) => {
  const server = createServer().on('stream', echo);
  let seen = { read: 0, written: 0 };
  const port = await listening(t, server);
  server.on('connection', (socket: net.Socket) => {
    socket.on('close', () => (seen = { read: socket.bytesRead, written: socket.bytesWritten }));
  });
  const results = await oneIteration(
    () => {
      http.get('/');
      group((tasks) => {
        for (let i = 0; i < 5; i++) tasks.spawn(() => http.post('/', 'x'.repeat(50_000)));
      });
    },
    { ...HTTP2, target: `http://127.0.0.1:${port}` },
  );
  while (seen.read === 0) await new Promise((resolve) => setImmediate(resolve));
  // What says goodbye belongs to no request.
  const [sent, received] = [sum(results, 'data_sent'), sum(results, 'data_received')];
  t.true(seen.read >= sent && seen.read - sent < 100, `${seen.read} ${sent}`);
  t.true(seen.written >= received && seen.written - received < 100, `${seen.written} ${received}`);
  t.true(sent > 250_000 && received > 250_000);
});

test('large bodies go both ways, and sending takes its time', async (t) => {
  const server = createServer().on('stream', (stream: ServerHttp2Stream) => {
    stream.on('error', () => undefined);
    stream.respond({ ':status': 200 });
    stream.pipe(stream);
  });
  const port = await listening(t, server);
  const body = Buffer.alloc(20 << 20, 'abc');
  await oneIteration(
    () => {
      const { status, body: back, timings } = http.post('/', body);
      t.is(status, 200);
      t.true(body.equals(back));
      t.true(timings.sending + timings.waiting > 0 && timings.receiving > 0);
    },
    { ...HTTP2, target: `http://127.0.0.1:${port}` },
  );
});

test('a stream that is reset, a connection that is cut and half an answer are counted by kind', async (t) => {
  let latest: net.Socket | undefined;
  const answers: Record<string, (stream: ServerHttp2Stream) => void> = {
    '/cancel': (stream) => stream.close(constants.NGHTTP2_CANCEL),
    '/inner': (stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR),
    '/cut': () => latest?.destroy(),
    '/half': (stream) => {
      stream.respond({ ':status': 200 });
      stream.write('half', () => latest?.destroy());
    },
    '/short': (stream) => {
      stream.respond({ ':status': 200, 'content-length': '10' });
      stream.end('half');
    },
  };
  const server = createServer().on('stream', (stream, { ':path': path }) => {
    stream.on('error', () => undefined);
    const answer = answers[path!];
    if (answer !== undefined) return answer(stream);
    stream.respond({ ':status': 200 });
    stream.end('fine');
  });
  server.on('session', (session: ServerHttp2Session) => session.on('error', () => undefined));
  server.on('connection', (socket: net.Socket) => (latest = socket));
  const port = await listening(t, server);
  const results = await oneIteration(
    () => {
      for (const path of ['/cancel', '/inner', '/cut', '/half']) {
        t.regex(outcome(http.get(path)), /^reset: /, path);
        t.is(outcome(http.get('/')), '200 fine');
      }
      t.regex(outcome(http.get('/short')), /^protocol: /);
    },
    { ...HTTP2, target: `http://127.0.0.1:${port}` },
  );
  const counts = results.errors.reduce((all, { count }) => all + count, 0);
  t.is(counts, 5);
});

test('a server that says goodbye, or refuses a request before it did anything, is asked once more', async (t) => {
  let [sessions, asked] = [0, 0];
  const server = createServer().on('stream', (stream: ServerHttp2Stream, { ':path': path }) => {
    stream.on('error', () => undefined);
    asked++;
    if (path === '/never' || (path === '/once' && asked === 1)) {
      return stream.close(constants.NGHTTP2_REFUSED_STREAM);
    }
    if (path === '/bye') stream.session!.goaway(constants.NGHTTP2_NO_ERROR);
    stream.respond({ ':status': 200 });
    stream.end('fine');
  });
  server.on('session', () => sessions++);
  const port = await listening(t, server);
  await oneIteration(
    () => {
      t.is(outcome(http.get('/once')), '200 fine');
      t.regex(outcome(http.get('/never')), /^reset: /);
      t.is(asked, 4);
      for (let i = 0; i < 3; i++) t.is(outcome(http.get('/bye')), '200 fine');
    },
    { ...HTTP2, target: `http://127.0.0.1:${port}` },
  );
  t.is(sessions, 3);
});

test('a timeout gives up the stream, and the connection stays', async (t) => {
  let sessions = 0;
  const ended: number[] = [];
  const server = createServer().on('stream', (stream: ServerHttp2Stream, { ':path': path }) => {
    stream.on('error', () => undefined);
    stream.on('close', () => ended.push(stream.rstCode));
    if (path === '/slow') return;
    stream.respond({ ':status': 200 });
    stream.end('fine');
  });
  server.on('session', () => sessions++);
  const port = await listening(t, server);
  await oneIteration(
    () => {
      t.is(outcome(http.get('/')), '200 fine');
      t.regex(outcome(http.get('/slow', { timeout: 40 })), /^timeout: /);
      t.is(outcome(http.get('/')), '200 fine');
    },
    { ...HTTP2, target: `http://127.0.0.1:${port}` },
  );
  t.is(sessions, 1);
  t.is(ended[1], constants.NGHTTP2_CANCEL);
});

test('who does not speak it, or is not there, is told from each other', async (t) => {
  const { key, cert } = certificate();
  const old = await listening(
    t,
    createHttp1((_, response) => response.end()),
  );
  const secure = await listening(
    t,
    createHttps({ key, cert }, (_, response) => response.end()),
  );
  const silent = await listening(
    t,
    net.createServer((socket) => socket.resume()),
  );
  const gone = net.createServer();
  const free = await listening(t, gone);
  await new Promise((resolve) => gone.close(resolve));
  await oneIteration(() => {
    t.regex(outcome(http.get(`http://127.0.0.1:${old}/`)), /^protocol: /);
    t.regex(outcome(http.get(`https://localhost:${secure}/`)), /^(?:protocol|tls): /);
    t.regex(outcome(http.get(`http://127.0.0.1:${free}/`)), /^refused: /);
    t.regex(outcome(http.get('http://no-such-host.invalid/')), /^dns: /);
    t.regex(outcome(http.get(`https://localhost:${silent}/`, { timeout: 50 })), /^timeout: /);
  }, HTTP2);
  await oneIteration(() => t.regex(outcome(http.get(`https://localhost:${secure}/`)), /^tls: /), {
    httpVersion: 'auto',
  });
});

test('it goes through the tunnel of a proxy, in clear text, too', async (t) => {
  const { key, cert } = certificate();
  const plain = await listening(t, createServer().on('stream', echo));
  const secure = await listening(t, createSecureServer({ key, cert }).on('stream', echo));
  const seen: string[] = [];
  const proxy = createHttp1().on('connect', ({ url }: { url: string }, socket: net.Socket) => {
    seen.push(url);
    const target = net.connect(Number(url.split(':')[1]), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Go on\r\n\r\n');
      socket.pipe(target).pipe(socket);
    });
    socket.on('error', () => target.destroy());
    target.unref().on('error', () => socket.destroy());
  });
  const port = await listening(t, proxy);
  await oneIteration(
    () => {
      for (let i = 0; i < 2; i++) {
        t.like(http.get(`http://127.0.0.1:${plain}/`), { status: 201, httpVersion: '2' });
        t.like(http.get(`https://localhost:${secure}/`), { status: 201, httpVersion: '2' });
      }
    },
    { ...HTTP2, proxy: `http://127.0.0.1:${port}` },
  );
  t.deepEqual(seen, [`127.0.0.1:${plain}`, `localhost:${secure}`]);
});

test('the command line says so by --http-version', async (t) => {
  const port = await listening(t, createServer().on('stream', echo));
  const url = `http://127.0.0.1:${port}/`;
  const args = ['load', url, '-n', '3', '-u', '1', '--http-version', '2'];
  const { code, stdout } = await runChild(join(ROOT, 'dist', 'cli.js'), { args });
  t.is(code, 0);
  t.regex(stdout, /status: 201 x 3/);
});

test('another version is refused before the run', async (t) => {
  const options = { httpVersion: '3' } as unknown as LoadOptions;
  await t.throwsAsync(
    oneIteration(() => undefined, options),
    {
      code: 'ERR_FIBER_INVALID_ARG_VALUE',
      message: /options\.httpVersion must be "1\.1", "2" or "auto"/,
    },
  );
});
