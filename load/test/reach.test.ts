// How requests reach their targets: client certificates, Unix sockets, proxies, IPv6; files and forms as bodies.
import { spawn as start } from 'node:child_process';
import { createServer, request as forward, type IncomingMessage, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { mkdtempSync, writeFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';
import { type FiberError } from 'greenfiber';
import { file, http, type LoadOptions, type LoadResponse, type TlsOptions } from 'greenfiber-load';

import { ROOT } from '../../test/helpers/root';
import { certificate } from './certificate';
import { oneIteration } from './one-iteration';

const folder = mkdtempSync(join(tmpdir(), 'greenfiber-reach-'));

async function listening(
  t: ExecutionContext,
  server: net.Server,
  to: string | { port: number; host: string } = { port: 0, host: '127.0.0.1' },
): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(to, resolve);
  });
  t.teardown(() => void server.close());
  server.unref().on('connection', (socket: net.Socket) => socket.unref());
  return (server.address() as AddressInfo).port;
}

const said = ({ failure, status, text }: LoadResponse, answer: LoadResponse): string =>
  failure === undefined ? `${status} ${text.call(answer)}` : `${failure.kind}: ${failure.message}`;
const outcome = (answer: LoadResponse): string => said(answer, answer);

test('a client certificate is shown, and who vouches for the server is believed', async (t) => {
  const [own, client] = [certificate(), certificate('ann')];
  const server = createSecureServer(
    {
      key: own.key,
      cert: own.cert,
      ca: [client.cert],
      requestCert: true,
      rejectUnauthorized: false,
    },
    (request, response) => {
      const { getPeerCertificate } = request.socket as unknown as TLSSocket;
      const { subject } = getPeerCertificate.call(request.socket) as Partial<PeerCertificate>;
      response.end(String(subject?.CN));
    },
  );
  const port = await listening(t, server);
  const ask = async (tls: TlsOptions, host = 'localhost') => {
    let answer = '';
    await oneIteration(() => (answer = outcome(http.get(`https://${host}:${port}/`))), { tls });
    return answer;
  };
  t.regex(await ask({}), /^tls: /);
  t.is(await ask({ ca: own.certFile }), '200 undefined');
  t.is(await ask({ ca: own.cert.toString() }, '127.0.0.1'), '200 undefined');
  const shown = { ca: own.certFile, cert: client.certFile, key: client.keyFile };
  t.is(await ask(shown), '200 ann');
});

test('all HTTP goes over a Unix socket, whatever the URL names', async (t) => {
  const path = join(folder, 'http.sock');
  await listening(
    t,
    createServer(({ headers, url }, response) => response.end(`${headers.host}${url}`)),
    path,
  );
  await oneIteration(
    () => {
      t.is(outcome(http.get('http://docker/v1/info')), '200 docker/v1/info');
      t.is(outcome(http.get('http://docker/again')), '200 docker/again');
    },
    { unixSocket: path },
  );
  await oneIteration(() => t.regex(outcome(http.get('http://x/')), /ENOENT/), {
    unixSocket: join(folder, 'none'),
  });
});

test('an address of IPv6 is a host as any other', async (t) => {
  const server = createServer(({ headers }, response) => response.end(headers.host));
  let port: number;
  try {
    port = await listening(t, server, { port: 0, host: '::1' });
  } catch {
    t.pass('this machine has no IPv6');
    return;
  }
  await oneIteration(() => t.is(outcome(http.get(`http://[::1]:${port}/`)), `200 [::1]:${port}`));
});

/** A proxy that forwards, and opens tunnels to whoever knows the password. */
function proxyServer(seen: string[]): Server {
  const allowed = ({ headers, method, url }: IncomingMessage): boolean => {
    seen.push(`${method} ${url}`);
    return headers['proxy-authorization'] === `Basic ${Buffer.from('ann:s e').toString('base64')}`;
  };
  const server = createServer((request, response) => {
    if (!allowed(request)) return void response.writeHead(407).end('who?');
    const headers = { ...request.headers };
    delete headers['proxy-authorization'];
    request.pipe(
      forward(request.url!, { method: request.method!, headers }, (answer) => {
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      }),
    );
  });
  return server.on('connect', (request: IncomingMessage, socket: net.Socket) => {
    socket.on('error', () => undefined);
    if (!allowed(request)) return void socket.end('HTTP/1.1 407 Who\r\ncontent-length: 0\r\n\r\n');
    const [host, port] = request.url!.split(':');
    const target = net.connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Go on\r\n\r\n');
      socket.pipe(target).pipe(socket);
    });
    target.unref().on('error', () => socket.destroy());
  });
}

test('a proxy forwards HTTP, and opens tunnels for HTTPS, one for a connection', async (t) => {
  const { key, cert } = certificate();
  const plain = await listening(
    t,
    createServer((request, response) => {
      request.pipe(response);
    }),
  );
  const secure = await listening(
    t,
    createSecureServer({ key, cert }, (request, response) => request.pipe(response)),
  );
  const seen: string[] = [];
  const proxy = await listening(t, proxyServer(seen));
  const options = { insecure: true, proxy: `http://ann:s%20e@127.0.0.1:${proxy}` };
  await oneIteration(() => {
    for (const body of ['one', 'two']) {
      t.is(outcome(http.post(`http://127.0.0.1:${plain}/a?b`, body)), `200 ${body}`);
      t.is(outcome(http.post(`https://localhost:${secure}/c`, body)), `200 ${body}`);
    }
    t.is(
      http.post(`https://localhost:${secure}/c`, Buffer.alloc(1 << 20, 'x')).body.length,
      1 << 20,
    );
  }, options);
  t.deepEqual(seen, [
    `POST http://127.0.0.1:${plain}/a?b`,
    `CONNECT localhost:${secure}`,
    `POST http://127.0.0.1:${plain}/a?b`,
  ]);
  await oneIteration(
    () => {
      t.is(outcome(http.get(`http://127.0.0.1:${plain}/`)), '407 who?');
      t.is(
        outcome(http.get(`https://localhost:${secure}/`)),
        'protocol: The proxy answered with 407, and opened no tunnel',
      );
    },
    { proxy: `http://127.0.0.1:${proxy}` },
  );
});

test('a proxy that says nothing is waited for as long as the request may take', async (t) => {
  const proxy = await listening(
    t,
    net.createServer((socket) => socket.resume()),
  );
  await oneIteration(
    () => t.regex(outcome(http.get('https://localhost:1/', { timeout: 50 })), /^timeout: /),
    { proxy: `http://127.0.0.1:${proxy}` },
  );
  const closing = await listening(
    t,
    net.createServer((socket) => socket.end()),
  );
  await oneIteration(() => t.regex(outcome(http.get('https://localhost:1/')), /^reset: /), {
    proxy: `http://127.0.0.1:${closing}`,
  });
});

test('a file is a body, or a field of a form with its name', async (t) => {
  const port = await listening(
    t,
    createServer((request, response) => {
      response.setHeader('x-type', String(request.headers['content-type']));
      request.pipe(response);
    }),
  );
  const path = join(folder, 'cat.txt');
  writeFileSync(path, 'miau');
  await oneIteration(
    () => {
      const plain = http.post('/', file(path, { type: 'text/cat' }));
      t.is(outcome(plain), '200 miau');
      t.is(plain.headers['x-type'], 'text/cat');
      const form = new FormData();
      form.append('who', 'tom');
      form.append('photo', file(path));
      const sent = http.post('/', form);
      t.regex(sent.headers['x-type']!, /^multipart\/form-data; boundary=/);
      t.regex(
        sent.text(),
        /name="who"\r\n\r\ntom\r\n[^]*name="photo"; filename="cat\.txt"\r\n[^]*\r\n\r\nmiau\r\n/,
      );
      t.throws(() => file(join(folder, 'none')), {
        code: 'ERR_LOAD_DATA',
        message: /none could not be read: ENOENT/,
      });
    },
    { target: `http://127.0.0.1:${port}` },
  );
});

test('the command line sends files and forms, over a Unix socket', async (t) => {
  const path = join(folder, 'cli.sock');
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    let body = (request.headers['content-type'] ?? '').split(';')[0]!;
    request.setEncoding('utf8').on('data', (part: string) => (body += ` ${part}`));
    request.on('end', () => (bodies.push(body), response.end()));
  });
  await listening(t, server, path);
  const cat = join(folder, 'cat.json');
  writeFileSync(cat, '{"cat":1}');
  const load = async (...args: string[]): Promise<{ code: number; stderr: string }> => {
    const all = [
      join(ROOT, 'dist/cli.js'),
      'load',
      'http://x/',
      '-n',
      '1',
      '-u',
      '1',
      '-X',
      'POST',
      '-q',
    ];
    const child = start(process.execPath, [...all, '--unix-socket', path, ...args]);
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const code = await new Promise<number>((resolve) => child.once('close', resolve));
    return { code, stderr };
  };
  t.like(await load('--body-file', cat, '-H', 'content-type: application/json'), {
    code: 0,
    stderr: '',
  });
  t.like(await load('-F', 'a=b=c', '-F', `cat=@${cat}`), { code: 0, stderr: '' });
  t.is(bodies[0], 'application/json {"cat":1}');
  t.regex(
    bodies[1]!,
    /^multipart\/form-data [^]*name="a"\r\n\r\nb=c\r\n[^]*filename="cat\.json"[^]*\{"cat":1\}/,
  );
  t.regex((await load('--body', 'x', '-F', 'a=b')).stderr, /--body must be the only one of/);
  t.regex(
    (await load('--body-file', join(folder, 'none'))).stderr,
    /none could not be read: ENOENT/,
  );
});

const refused: [what: string, options: LoadOptions, message: RegExp][] = [
  ['a certificate without its key', { tls: { cert: 'x.pem' } }, /options\.tls\.key must be given/],
  [
    'a file that is not there',
    { tls: { ca: 'none.pem' } },
    /options\.tls\.ca must be a file that can be read \(ENOENT/,
  ],
  [
    'a misspelt option',
    { tls: { cacert: 'x' } as TlsOptions },
    /options\.tls\.cacert must be left out/,
  ],
  [
    'a proxy of another protocol',
    { proxy: 'ftp://x:1' },
    /options\.proxy must be the URL of a proxy/,
  ],
  [
    'a proxy beside a socket',
    { proxy: 'http://x:1', unixSocket: '/x' },
    /options\.unixSocket must be left out/,
  ],
];

for (const [what, options, message] of refused) {
  test(`${what} is refused before the run`, async (t) => {
    const error = await t.throwsAsync<FiberError>(
      async () => await oneIteration(() => undefined, options),
    );
    t.regex(error.code, /^ERR_FIBER_INVALID_ARG/);
    t.regex(error.message, message);
  });
}
