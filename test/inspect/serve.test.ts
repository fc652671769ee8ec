import { request, type IncomingHttpHeaders } from 'node:http';

import test from 'ava';
import { Event, sleep, spawn, wait } from 'greenfiber';
import { serve, type InspectServer, type Snapshot } from 'greenfiber/inspect';

import { runChild } from '../helpers/child';
import { until } from '../helpers/http';

const { Looks } = require('../../dist/inspect/looks') as {
  Looks: new () => { since(seen: number): Look };
};

interface Look {
  look: number;
  rest: number;
  stats: { alive: number };
  snapshot?: Snapshot;
}

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

function ask(
  { port }: InspectServer,
  path: string,
  { method = 'GET', host = `127.0.0.1:${String(port)}` } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = host === '' ? {} : { host };
    const options = { host: '127.0.0.1', port, path, method, headers, setHost: false };
    const sent = request(options, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => (body += text));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      );
    });
    sent.on('error', reject);
    sent.end();
  });
}

test('the page and its snapshot are served, also from inside a task', async (t) => {
  const task = spawn(() => {
    const server = wait(serve());
    const page = wait(ask(server, '/'));
    const seen = wait(ask(server, '/snapshot.json?now'));
    wait(server.close());
    return { page, seen };
  });
  task.name = 'asks itself';
  const { page, seen } = await task;
  t.is(page.status, 200);
  t.regex(page.body, /<title>greenfiber/);
  const { tasks } = JSON.parse(seen.body) as Snapshot;
  t.like(
    tasks.find(({ name }) => name === 'asks itself'),
    {
      status: 'parked',
      sleep: { call: 'wait' },
    },
  );
});

test('every file that the page asks for is there, and nothing comes from elsewhere', async (t) => {
  const server = await serve();
  const seen = new Set<string>();
  const wanted = ['/'];
  for (let path = wanted.pop(); path !== undefined; path = wanted.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    const { status, body, headers } = await ask(server, path);
    t.is(status, 200, path);
    t.regex(headers['content-type']!, /charset=utf-8$/);
    t.notRegex(body.replace('http://www.w3.org/2000/svg', ''), /https?:\/\/|innerHTML|\beval\b/);
    for (const [, to = ''] of body.matchAll(/(?:src|href)="(\/[^"]*)"/g)) wanted.push(to);
    for (const [, to = ''] of body.matchAll(/from '\.(\/[^']*)'/g)) wanted.push(to);
  }
  t.true(seen.size >= 9);
  await server.close();
});

test('a name that is not of this machine is refused, whatever it is resolved to', async (t) => {
  const server = await serve();
  for (const host of [
    'evil.example',
    `evil.example:${String(server.port)}`,
    '10.0.0.1',
    '127.0.0.1.evil.example',
    '',
  ]) {
    for (const path of ['/', '/snapshot.json']) {
      const { status, body } = await ask(server, path, { host });
      t.true(status === 403 || (host === '' && status === 400), `${host} ${String(status)}`);
      t.notRegex(body, /tasks/);
    }
  }
  for (const host of ['localhost', 'LOCALHOST:1', '127.0.0.1', '[::1]:8080']) {
    t.is((await ask(server, '/snapshot.json', { host })).status, 200);
  }
  await server.close();
});

test('only GET is answered, and no other site may read or show it', async (t) => {
  const server = await serve();
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD']) {
    const { status, headers } = await ask(server, '/snapshot.json', { method });
    t.is(status, 405);
    t.is(headers.allow, 'GET');
    t.is(headers['access-control-allow-origin'], undefined);
  }
  const { headers } = await ask(server, '/snapshot.json');
  t.is(headers['access-control-allow-origin'], undefined);
  t.is(headers['x-content-type-options'], 'nosniff');
  t.is(headers['cross-origin-resource-policy'], 'same-origin');
  t.regex(String(headers['content-security-policy']), /default-src 'none'.*frame-ancestors 'none'/);
  await server.close();
});

test('there is nothing besides the page', async (t) => {
  const server = await serve();
  for (const path of [
    '/package.json',
    '/../types.ts',
    '/%2e%2e/types.ts',
    '/toString',
    '//',
    '/page.css/',
  ]) {
    t.is((await ask(server, path)).status, 404, path);
  }
  await server.close();
});

test('a host that others could reach is refused', async (t) => {
  for (const host of [
    '0.0.0.0',
    '::',
    '192.168.0.1',
    'example.com',
    '127.evil.example',
    '127.1',
    '',
  ]) {
    const error = await t.throwsAsync(serve({ host }), { code: 'ERR_FIBER_INVALID_ARG_VALUE' });
    t.regex(error.message, /^options\.host must be a loopback address/);
  }
  await t.throwsAsync(serve({ host: 1 as never }), { code: 'ERR_FIBER_INVALID_ARG_TYPE' });
  await t.throwsAsync(serve({ port: -1 }), { code: 'ERR_FIBER_INVALID_ARG_VALUE' });
  await t.throwsAsync(serve({ port: 'x' as never }), { code: 'ERR_FIBER_INVALID_ARG_TYPE' });
  await t.throwsAsync(serve(null as never), { code: 'ERR_FIBER_INVALID_ARG_TYPE' });
});

test('a port that is taken is an error of the call', async (t) => {
  const first = await serve({ host: 'localhost' });
  t.is(first.url, `http://127.0.0.1:${String(first.port)}/`);
  await t.throwsAsync(serve({ port: first.port }), { code: 'EADDRINUSE' });
  await first.close();
  await first.close();
  const again = await serve({ port: first.port });
  await again.close();
});

test('a server keeps no process alive, not even while it is looked at', async (t) => {
  const child = await runChild(`
    const { serve } = require('greenfiber/inspect');
    const { Agent, get } = require('node:http');
    require('greenfiber');
    const agent = new Agent({ keepAlive: true });
    const alive = setTimeout(() => console.log('took too long'), 30_000);
    serve().then(({ url }) => {
      get(url, { agent }, (response) => {
        response.resume();
        response.on('end', () => {
          clearTimeout(alive);
          console.log('looked at');
        });
      }).on('socket', (socket) => socket.unref());
    });
  `);
  t.like(child, { code: 0, signal: null, stdout: 'looked at\n', stderr: '' });
});

test('a deadlock is reported although a server is open', async (t) => {
  const child = await runChild(`
    const { spawn, sleep } = require('greenfiber');
    require('greenfiber/inspect').serve();
    spawn(() => sleep(Infinity));
  `);
  t.is(child.code, 13);
  t.regex(child.stderr, /deadlock/);
});

test('tasks run between two looks', async (t) => {
  const server = await serve();
  const turns = async () => {
    const { body } = await ask(server, '/snapshot.json');
    return (JSON.parse(body) as Snapshot).schedulers[0]!.turns;
  };
  const before = await turns();
  await spawn(() => sleep(1));
  t.true((await turns()) > before);
  await server.close();
});

test('a page is given a snapshot once, and counters each time', async (t) => {
  const server = await serve();
  const look = async (seen: number) => {
    const { body } = await ask(server, `/snapshot.json?seen=${String(seen)}`);
    return JSON.parse(body) as Look;
  };
  const first = await look(0);
  t.true(first.snapshot!.tasks.length >= 0);
  // As long as there is no other, which depends on how long the first one took.
  for (let last = first, answered = first; answered.look === first.look; last = answered) {
    t.true(last.rest >= 0 && last.stats.alive >= 0);
    answered = await look(last.look);
    t.is(answered.snapshot === undefined, answered.look === last.look);
  }
  await server.close();
});

test('looks take half a percent of a core, however often they are asked for', (t) => {
  const looks = new Looks();
  const began = performance.now();
  const before = process.cpuUsage();
  const { look, rest } = looks.since(0);
  const { user, system } = process.cpuUsage(before);
  const most = (199 * (user + system)) / 1000 + 1;
  t.true(rest > 0 && rest <= most, `${String(rest)}, at most ${String(most)}`);
  let again = looks.since(look);
  while (again.look === look) again = looks.since(look);
  t.true(performance.now() - began >= rest - 1);
});

test('the dump is grouped', async (t) => {
  const server = await serve();
  const stop = new Event();
  let waiting = 0;
  const waitForStop = (): void => {
    waiting++;
    stop.wait();
  };
  const tasks = Array.from({ length: 12 }, () => spawn(waitForStop));
  await until(() => waiting === tasks.length);
  const { body, headers } = await ask(server, '/dump.txt');
  t.is(headers['content-type'], 'text/plain; charset=utf-8');
  t.regex(
    body,
    /\n12 tasks \[parked\]: wait in Event\.wait\n[^]*task \d+, task \d+, .* and 7 more\n/,
  );
  stop.set();
  await Promise.all(tasks);
  await server.close();
});
