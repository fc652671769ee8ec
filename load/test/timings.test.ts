// Where the time of a request goes.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';

import test, { type ExecutionContext } from 'ava';
import { sleep, spawn } from 'greenfiber';
import { http, registryOf, run, type Histogram, type Results, type Timings } from 'greenfiber-load';
import { simulate } from 'greenfiber/testing';

import { certificate } from './certificate';

const WAIT = 60;
/** So long that a machine with other things to do does not take it for nothing. */
const LONG = 800;

/** Answers half of it after a while, and the rest after another. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  request.resume().on('end', () => {
    setTimeout(() => {
      response.write('half');
      setTimeout(() => response.end('half'), LONG);
    }, WAIT);
  });
}

async function listening(t: ExecutionContext, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, resolve));
  t.teardown(() => void server.close());
  server.on('connection', (socket) => socket.unref());
  return (server.address() as AddressInfo).port;
}

const trend = (results: Results, name: string): Histogram | undefined =>
  (registryOf(results).metrics.get(name)?.total() as { histogram: Histogram } | undefined)
    ?.histogram;

const total = (timings: Timings) =>
  Object.values<number>({ ...timings }).reduce((sum, each) => sum + each, 0);

test('what a connection costs is told by its first request, and waiting and receiving by each', async (t) => {
  const { key, cert } = certificate();
  const port = await listening(t, createSecureServer({ key, cert }, answer));
  const seen: Timings[] = [];
  const results = await spawn(() =>
    run(
      {
        default: () => {
          const { timings, duration, status } = http.get(`https://localhost:${port}/`);
          t.is(status, 200);
          t.true(Math.abs(total(timings) - duration) < 0.01);
          seen.push(timings);
        },
      },
      { vus: 1, iterations: 2, insecure: true },
    ),
  );
  const [first, second] = seen;
  for (const { waiting, receiving } of seen) {
    t.true(waiting > WAIT - 5 && receiving > 0, JSON.stringify(seen));
    t.true(waiting + receiving > WAIT + LONG - 10, JSON.stringify(seen));
  }
  t.true(first!.dns > 0 && first!.connecting > 0 && first!.tls > 0, JSON.stringify(first));
  t.like(second, { dns: 0, connecting: 0, tls: 0 });
  for (const name of ['dns', 'connecting', 'tls_handshaking']) {
    t.is(trend(results, `http_req_${name}`)?.count, 1, name);
  }
  for (const name of ['blocked', 'sending', 'waiting', 'receiving']) {
    t.is(trend(results, `http_req_${name}`)?.count, 2, name);
  }
});

test('a large body takes its time to be sent', async (t) => {
  const server = createServer((request, response) => {
    request.on('end', () => response.end());
    setTimeout(() => request.resume(), LONG);
  });
  const port = await listening(t, server);
  await spawn(() =>
    run(
      {
        default: () => {
          const { timings } = http.post(`http://127.0.0.1:${port}/`, Buffer.alloc(32 << 20));
          t.true(timings.sending > WAIT, JSON.stringify(timings));
        },
      },
      { vus: 1, iterations: 1 },
    ),
  );
});

test('what waited for a free user was blocked', async (t) => {
  await simulate(
    () => {
      const handler = () => (sleep(50), {});
      const options = { target: 'http://shop.test/', handler, duration: '10s' };
      const results = run(
        { default: () => void http.get('/') },
        { ...options, rate: 40, maxVus: 1 },
      );
      const [blocked, waiting] = ['blocked', 'waiting'].map((name) =>
        trend(results, `http_req_${name}`),
      );
      t.true(blocked!.max > 4000, String(blocked!.max));
      t.true(Math.abs(waiting!.max - 50) < 1, String(waiting!.max));
    },
    { schedules: 1 },
  );
});

test('thresholds may be about any of them', async (t) => {
  const options = { target: 'http://shop.test/', handler: () => ({}), vus: 1, iterations: 1 };
  const thresholds = { http_req_waiting: 'p(95)<1000', http_req_tls_handshaking: 'max<1' };
  const results = await spawn(() =>
    run({ default: () => void http.get('/') }, { ...options, thresholds }),
  );
  t.is(results.thresholds.length, 2);
});
