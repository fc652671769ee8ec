// Requests through a SOCKS5 proxy (RFC 1928, RFC 1929).
import { createServer } from 'node:http';
import { createServer as createHttp2 } from 'node:http2';
import { createServer as createHttps } from 'node:https';
import { mkdtempSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import test from 'ava';
import { http } from 'greenfiber-load';

import { runChild } from '../../test/helpers/child';
import { ROOT } from '../../test/helpers/root';
import { certificate } from './certificate';
import { listening, outcome } from './listening';
import { oneIteration } from './one-iteration';

/** One message of the handshake after the other; each has come whole, as these are short and waited for. */
function socksServer(seen: string[], password?: string): net.Server {
  return net.createServer((socket) => {
    socket.on('error', () => undefined);
    const target = (request: Buffer): void => {
      const isName = request[3] === 3;
      const host = isName
        ? request.subarray(5, 5 + request[4]!).toString()
        : [...request.subarray(4, 8)].join('.');
      const port = request.readUInt16BE(request.length - 2);
      seen.push(`${isName ? 'name' : 'address'} ${host}:${port}`);
      const answer = (code: number): Buffer => Buffer.from([5, code, 0, 1, 127, 0, 0, 1, 0, 80]);
      const to = net.connect(port, '127.0.0.1', () => {
        socket.write(answer(0));
        socket.pipe(to).pipe(socket);
      });
      to.on('error', () => socket.end(answer(5)));
      socket.on('close', () => to.destroy());
    };
    socket.once('data', (methods: Buffer) => {
      if (password === undefined) {
        socket.write(Buffer.from([5, 0]));
        socket.once('data', target);
        return;
      }
      if (!methods.subarray(2).includes(2)) return void socket.end(Buffer.from([5, 255]));
      socket.write(Buffer.from([5, 2]));
      socket.once('data', (pair: Buffer) => {
        const said = pair.subarray(3 + pair[1]!).toString();
        const isRight = said === password;
        socket.write(Buffer.from([1, isRight ? 0 : 1]));
        if (isRight) socket.once('data', target);
        else socket.end();
      });
    });
  });
}

test('HTTP, HTTPS and HTTP/2 go through it, over connections that stay open', async (t) => {
  const { key, cert } = certificate();
  const plain = await listening(
    t,
    createServer((request, response) => request.pipe(response)),
  );
  const secure = await listening(
    t,
    createHttps({ key, cert }, (request, response) => request.pipe(response)),
  );
  const http2 = createHttp2((request, response) => request.pipe(response));
  const modern = await listening(t, http2);
  const seen: string[] = [];
  const proxy = `socks5h://ann:s%20e@127.0.0.1:${await listening(t, socksServer(seen, 's e'))}`;
  await oneIteration(
    () => {
      for (const body of ['one', 'two']) {
        t.is(outcome(http.post(`http://shop.test:${plain}/`, body)), `200 ${body}`);
        t.is(outcome(http.post(`https://localhost:${secure}/`, body)), `200 ${body}`);
      }
      t.is(http.post(`http://shop.test:${plain}/`, 'x'.repeat(1 << 20)).body.length, 1 << 20);
    },
    { proxy, insecure: true },
  );
  t.deepEqual(seen.splice(0), [`name shop.test:${plain}`, `name localhost:${secure}`]);
  await oneIteration(
    () => t.is(outcome(http.post(`http://shop.test:${modern}/`, 'three')), '200 three'),
    { proxy, httpVersion: '2' },
  );
  t.deepEqual(seen, [`name shop.test:${modern}`]);
});

test('names are looked up here with socks5:, and one that is not there is told so', async (t) => {
  const port = await listening(
    t,
    createServer((_, response) => response.end('here')),
  );
  const seen: string[] = [];
  const proxy = `socks5://127.0.0.1:${await listening(t, socksServer(seen))}`;
  await oneIteration(
    () => {
      t.is(outcome(http.get(`http://127.0.0.1:${port}/`)), '200 here');
      t.regex(outcome(http.get('http://no-such-host.invalid/')), /^dns: /);
    },
    { proxy },
  );
  t.deepEqual(seen, [`address 127.0.0.1:${port}`]);
});

test('what goes wrong on the way is counted by its kind, without the password', async (t) => {
  const gone = net.createServer();
  const free = await listening(t, gone);
  await new Promise((resolve) => gone.close(resolve));
  const port = await listening(t, socksServer([], 'right'));
  const silent = await listening(
    t,
    net.createServer((socket) => socket.resume()),
  );
  const ask = async (proxy: string, timeout = 60_000): Promise<string> => {
    let answer = '';
    await oneIteration(
      () => (answer = outcome(http.get(`http://127.0.0.1:${free}/`, { timeout }))),
      { proxy },
    );
    return answer;
  };
  t.regex(
    await ask(`socks5h://ann:right@127.0.0.1:${port}`),
    /^refused: The proxy opened no tunnel/,
  );
  const refused = await ask(`socks5h://ann:wrong@127.0.0.1:${port}`);
  t.regex(refused, /^protocol: The proxy opened no tunnel: .*[Aa]uthentication/);
  t.notRegex(refused, /wrong/);
  t.regex(await ask(`socks5h://127.0.0.1:${port}`), /^protocol: The proxy opened no tunnel/);
  t.regex(await ask(`socks5h://127.0.0.1:${free}`), /^refused: /);
  t.regex(await ask(`socks5h://127.0.0.1:${silent}`, 50), /^timeout: /);
});

test('without the package it is told before the run what to install', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'greenfiber-socks-'));
  const without = join(folder, 'without.cjs');
  writeFileSync(
    without,
    `const Module = require('node:module');
    const { _resolveFilename: resolve } = Module;
    Module._resolveFilename = function (name, ...rest) {
      if (name === 'socks') throw Object.assign(new Error('not found'), { code: 'MODULE_NOT_FOUND' });
      return resolve.call(this, name, ...rest);
    };`,
  );
  const args = ['load', 'http://127.0.0.1:1/', '-n', '1', '--proxy', 'socks5://127.0.0.1:1'];
  const child = await runChild(join(ROOT, 'dist', 'cli.js'), { args, flags: ['-r', without] });
  t.is(child.code, 2);
  t.regex(child.stderr, /needs the package socks, which cannot be loaded: npm install socks/);
});
