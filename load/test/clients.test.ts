// The clients over real sockets on the loopback interface, and what is counted when a peer is not what it should be.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import net, { type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tlsNode from 'node:tls';

import test from 'ava';
import { spawn, type FiberError } from 'greenfiber';
import {
  http,
  measure,
  registryOf,
  run,
  tcp,
  tls,
  ws,
  type FailureKind,
  type Results,
  type RunOptions,
  type Scenario,
} from 'greenfiber-load';
import { WebSocketServer } from 'ws';

const once = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref(); // a test that fails does not come to closing it
  server.on('connection', (socket) => socket.unref());
  return (server.address() as AddressInfo).port;
};

const load = async (iteration: Scenario['default'], options: RunOptions = {}): Promise<Results> =>
  await spawn(() =>
    run({ default: iteration }, { vus: 2, iterations: 6, duration: '10m', ...options }),
  );

const sum = (results: Results, name: string, tags = {}) =>
  (registryOf(results).metrics.get(name)?.total(tags) as { sum: number } | undefined)?.sum ?? 0;

/** Kinds of errors, each with how often it came. */
const kinds = (results: Results): Partial<Record<FailureKind, number>> => {
  const all: Partial<Record<FailureKind, number>> = {};
  for (const { kind, count } of results.errors) all[kind] = (all[kind] ?? 0) + count;
  return all;
};

test('HTTP: a connection for every user, kept open; bodies, headers and methods', async (t) => {
  let connections = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      response.setHeader('x-method', request.method!);
      response.end(
        JSON.stringify({
          url: request.url,
          type: request.headers['content-type'],
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
  }).on('connection', () => connections++);
  const port = await once(server);
  const results = await load(
    () => {
      t.like(http.get('/a?b=c').json(), { url: '/a?b=c', body: '' });
      const posted = http.post('/p', { n: 1 });
      t.like(posted.json(), { type: 'application/json', body: '{"n":1}' });
      t.is(posted.headers['x-method'], 'POST');
      t.like(http.put('/q', Buffer.from('xyz'), { headers: { 'content-type': 'text/x' } }).json(), {
        type: 'text/x',
        body: 'xyz',
      });
      const kept = http.get('/discarded', { discard: true });
      t.is(kept.body.length, 0);
    },
    { target: `http://127.0.0.1:${port}` },
  );
  t.deepEqual(results.errors, []);
  t.is(sum(results, 'http_reqs'), 24);
  t.true(sum(results, 'data_sent') >= 60);
  t.is(connections, 2);
  const head = await load(() => t.is(http.head('/h').status, 200), {
    target: `http://127.0.0.1:${port}`,
  });
  t.is(sum(head, 'http_reqs', { method: 'HEAD', status: '200' }), 6);
  server.close();
});

test('a refused connection, an unknown name and a timeout are counted by kind, and nothing is thrown', async (t) => {
  const free = net.createServer();
  const port = await once(free);
  await new Promise((resolve) => free.close(resolve));
  const silent = net.createServer((socket) => socket.resume());
  const silentPort = await once(silent);
  const results = await load(
    () => {
      t.is(http.get(`http://127.0.0.1:${port}/`).failure?.kind, 'refused');
      t.is(http.get('http://no-such-host.invalid/').failure?.kind, 'dns');
      t.is(http.get(`http://127.0.0.1:${silentPort}/`, { timeout: 30 }).failure?.kind, 'timeout');
    },
    { iterations: 2, vus: 1 },
  );
  t.deepEqual(kinds(results), { refused: 2, dns: 2, timeout: 2 });
  silent.close();
});

test('resets, garbage and half an answer are counted by kind', async (t) => {
  const answers: Record<string, (socket: net.Socket) => void> = {
    reset: (socket) => socket.resetAndDestroy(),
    garbage: (socket) => void socket.end('\u0000\u0001 this is no HTTP\r\n\r\n'),
    half: (socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf'),
  };
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (data) => answers[/GET \/(\w+)/.exec(data.toString())![1]!]!(socket));
  });
  const port = await once(server);
  const results = await load(
    () => {
      for (const path of Object.keys(answers)) {
        t.is(http.get(`http://127.0.0.1:${port}/${path}`).status, 0, path);
      }
    },
    { iterations: 4 },
  );
  t.deepEqual(kinds(results), { reset: 8, protocol: 4 });
  server.close();
});

test('TLS: a certificate that nobody vouches for is counted, and let pass when asked to', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'greenfiber-tls-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const request = [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=localhost',
  ];
  execFileSync('openssl', [...request, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const server = tlsNode.createServer(
    { key: readFileSync(key), cert: readFileSync(cert) },
    (socket) => {
      socket.on('error', () => undefined);
      socket.once('data', (data) =>
        socket.end(/HTTP/.test(data.toString()) ? 'HTTP/1.1 204 No Content\r\n\r\n' : data),
      );
    },
  );
  server.on('tlsClientError', () => undefined);
  const port = await once(server);
  const iteration = () => {
    http.get(`https://127.0.0.1:${port}/`);
    using connection = tls.connect({ host: '127.0.0.1', port });
    connection.write('hello\n');
    t.is(connection.readLine(), 'hello');
  };
  const refused = await load(iteration, { iterations: 3 });
  t.deepEqual(kinds(refused), { tls: 6 });
  t.is(sum(refused, 'failed_iterations'), 3);
  const passed = await load(iteration, { iterations: 3, insecure: true });
  t.deepEqual(kinds(passed), {});
  t.is(sum(passed, 'tls_connects'), 3);
  server.close();
});

test('TCP: lines over a connection, which is closed with the iteration', async (t) => {
  let open = 0;
  const server = net.createServer((socket) => {
    open++;
    socket.on('close', () => open--).on('error', () => undefined);
    socket.pipe(socket);
  });
  const port = await once(server);
  const results = await load(() => {
    const connection = tcp.connect(port, '127.0.0.1');
    measure('echo', () => {
      connection.write('ping\n');
      t.is(connection.readLine(), 'ping');
    });
  });
  t.is(sum(results, 'tcp_connects'), 6);
  const echo = registryOf(results).metrics.get('echo')!.total() as { histogram: { count: number } };
  t.is(echo.histogram.count, 6);
  while (open > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const dead = await load(() => void tcp.connect(1, '127.0.0.1'), { iterations: 2 });
  t.deepEqual(kinds(dead), { refused: 2 });
  server.close();
});

test('WebSocket: messages back and forth, a close by the peer, and a server that is none', async (t) => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (socket) => {
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (data.toString() === 'bye') socket.close();
      else socket.send(data, { binary: isBinary });
    });
  });
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const results = await load(() => {
    const session = ws.connect(`ws://127.0.0.1:${port}/`);
    session.send('text');
    t.is(session.receive(), 'text');
    session.send(Buffer.from([1, 2, 3]));
    t.deepEqual(session.receive(), Buffer.from([1, 2, 3]));
    session.send('bye');
    t.is(session.receive(), null);
    t.throws(() => session.send('late'), { code: 'ERR_STREAM_ENDED' });
  });
  t.deepEqual(results.errors, []);
  t.is(sum(results, 'ws_connects'), 6);
  server.close();

  const plain = createServer((_, response) => response.writeHead(400).end());
  plain.on('upgrade', (_, socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'));
  const plainPort = await once(plain);
  const wrong = await load(() => void ws.connect(`ws://127.0.0.1:${plainPort}/`), {
    iterations: 2,
  });
  t.deepEqual(kinds(wrong), { protocol: 2 });
  plain.close();
});

test('a relative URL without a target, and URLs that lead nowhere, are mistakes that are told', async (t) => {
  const codes: unknown[] = [];
  await load(
    () => {
      for (const url of ['/a', 'ftp://x/', 'http://']) {
        codes.push(t.throws<FiberError>(() => http.get(url)).code);
      }
    },
    { iterations: 1, vus: 1 },
  );
  const value = 'ERR_FIBER_INVALID_ARG_VALUE';
  t.deepEqual(codes, ['ERR_LOAD_NO_TARGET', value, value]);
  t.throws(() => http.get('http://127.0.0.1/'), { code: 'ERR_LOAD_NO_USER' });
});

test('several requests of one user at a time have connections of their own', async (t) => {
  const { group } = require('greenfiber') as typeof import('greenfiber');
  // Nobody is answered before all four have asked.
  let asking: (() => void)[] = [];
  const server = createServer((_, response) => {
    asking.push(() => response.end('x'));
    if (asking.length < 4) return;
    for (const answer of asking) answer();
    asking = [];
  });
  const port = await once(server);
  const results = await load(
    () => {
      group((g) => {
        for (let i = 0; i < 4; i++) g.spawn(() => http.get('/'));
      });
    },
    { vus: 1, iterations: 2, target: `http://127.0.0.1:${port}` },
  );
  t.is(sum(results, 'http_reqs', { status: '200' }), 8);
  t.is(asking.length, 0);
  server.close();
});
