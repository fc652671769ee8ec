// What browsers do and load testers may: redirects are followed, cookies are kept.
import { join } from 'node:path';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

import test, { type ExecutionContext } from 'ava';
import { type FiberError, spawn } from 'greenfiber';
import { http, registryOf, run, type LoadResponse } from 'greenfiber-load';

import { runChild } from '../../test/helpers/child';
import { ROOT } from '../../test/helpers/root';
import { listening } from './listening';
import { oneIteration } from './one-iteration';

const CLI = join(ROOT, 'dist', 'cli.js');

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

async function serverOf(t: ExecutionContext, handler: Handler): Promise<string> {
  return `http://127.0.0.1:${await listening(t, createServer(handler))}`;
}

const redirect = (response: ServerResponse, status: number, location: string): void => {
  response.writeHead(status, { location }).end();
};

/** Tells what came; `/STATUS/REST` leads to REST. */
const telling: Handler = (request, response) => {
  const [, status, rest = ''] = /^\/(30\d)(\/.*)$/.exec(request.url ?? '') ?? [];
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    if (status !== undefined) {
      redirect(response, Number(status), rest);
      return;
    }
    const { method, url, headers } = request;
    const { authorization, cookie } = headers;
    const body = Buffer.concat(chunks).toString();
    const type = headers['content-type'];
    response.end(JSON.stringify({ method, url, body, type, authorization, cookie }));
  });
};

interface Told {
  method: string;
  url: string;
  body: string;
  type?: string;
  authorization?: string;
  cookie?: string;
}
const told = (answer: LoadResponse): Told => answer.json() as Told;

test('a redirect is the answer, unless redirects are followed', async (t) => {
  const target = await serverOf(t, telling);
  await oneIteration(
    () => {
      const answer = http.get('/302/here');
      t.deepEqual([answer.status, answer.url], [302, `${target}/302/here`]);
      const followed = http.get('/302/here', { redirects: 1 });
      t.deepEqual([followed.status, followed.url], [200, `${target}/here`]);
    },
    { target },
  );
});

test('every hop is a request of its own in the results', async (t) => {
  const target = await serverOf(t, telling);
  const results = await oneIteration(
    () => {
      t.is(told(http.get('/301/302/307/there')).url, '/there');
    },
    { target, redirects: 5 },
  );
  const requests = registryOf(results).metrics.get('http_reqs')!.total() as { sum: number };
  t.is(requests.sum, 4);
});

test('beyond as many as are followed, the redirect is the answer', async (t) => {
  const target = await serverOf(t, telling);
  await oneIteration(
    () => {
      const answer = http.get('/302/302/302/there');
      t.deepEqual([answer.status, answer.url], [302, `${target}/302/there`]);
    },
    { target, redirects: 2 },
  );
});

test('what was posted is asked for by GET after 301, 302 and 303, and posted again after 307 and 308', async (t) => {
  const target = await serverOf(t, telling);
  await oneIteration(
    () => {
      for (const status of [301, 302, 303]) {
        t.like(told(http.post(`/${status}/to`, { a: 1 })), {
          method: 'GET',
          body: '',
          type: undefined,
        });
      }
      for (const status of [307, 308]) {
        const again = { method: 'POST', body: '{"a":1}', type: 'application/json' };
        t.like(told(http.post(`/${status}/to`, { a: 1 })), again);
      }
      t.like(told(http.put('/302/to', 'text')), { method: 'PUT', body: 'text' });
      t.like(told(http.put('/303/to', 'text')), { method: 'GET', body: '' });
      t.is(http.head('/303/to').status, 200);
    },
    { target, redirects: 5 },
  );
});

test('credentials do not go along to another origin', async (t) => {
  const other = await serverOf(t, telling);
  const target = await serverOf(t, (request, response) => {
    if (request.url === '/away') redirect(response, 302, `${other}/away`);
    else telling(request, response);
  });
  await oneIteration(
    () => {
      const headers = { authorization: 'Bearer secret', cookie: 'own=1' };
      t.like(told(http.get('/302/here', { headers })), headers);
      t.like(told(http.get('/away', { headers })), {
        url: '/away',
        authorization: undefined,
        cookie: undefined,
      });
      const withUser = `${target.replace('//', '//ann:pw@')}/away`;
      t.is(told(http.get(withUser)).authorization, undefined);
    },
    { target, redirects: 5 },
  );
});

test('what leads nowhere is the answer', async (t) => {
  const target = await serverOf(t, (request, response) => {
    if (request.url === '/mail') redirect(response, 302, 'mailto:ann@example.test');
    else if (request.url === '/broken') redirect(response, 302, 'http://[');
    else response.writeHead(304).end();
  });
  await oneIteration(
    () => {
      t.deepEqual(
        ['/mail', '/broken', '/unchanged'].map((path) => http.get(path).status),
        [302, 302, 304],
      );
    },
    { target, redirects: 5 },
  );
});

test('the timeout is that of all hops together', async (t) => {
  const target = await serverOf(t, (request, response) => {
    if (request.url === '/first') redirect(response, 302, '/never');
  });
  await oneIteration(
    () => {
      t.is(http.get('/first', { timeout: 200 }).failure?.kind, 'timeout');
    },
    { target, redirects: 5 },
  );
});

/** `/set/NAME=VALUE…` sets a cookie; all else tells what came. */
const setting: Handler = (request, response) => {
  const [, line] = /^\/set\/(.*)$/.exec(decodeURIComponent(request.url ?? '')) ?? [];
  if (line === undefined) telling(request, response);
  else response.writeHead(204, { 'set-cookie': line.split('|') }).end();
};
const set = (...lines: string[]): LoadResponse =>
  http.get(`/set/${encodeURIComponent(lines.join('|'))}`);
const cookieAt = (path: string): unknown => told(http.get(path)).cookie;

test('without the option nobody keeps cookies', async (t) => {
  const target = await serverOf(t, setting);
  await oneIteration(
    () => {
      set('a=1');
      t.is(cookieAt('/'), undefined);
    },
    { target },
  );
});

test('cookies are sent where they belong, until they are over', async (t) => {
  const target = await serverOf(t, setting);
  await oneIteration(
    () => {
      set('a=1; Path=/', 'b=2; Path=/shop');
      t.is(cookieAt('/'), 'a=1');
      t.is(cookieAt('/shop/cart'), 'b=2; a=1');
      set('a=; Path=/; Max-Age=0', 'foreign=1; Domain=example.test', 'broken');
      t.is(cookieAt('/'), undefined);
      t.is(cookieAt('/shop'), 'b=2');
      const headers = { Cookie: 'own=1' };
      t.is(told(http.get('/shop', { headers })).cookie, 'own=1');
    },
    { target, cookies: true },
  );
});

test('a cookie that a redirect sets is sent to where it leads', async (t) => {
  const target = await serverOf(t, (request, response) => {
    if (request.url !== '/login') telling(request, response);
    else response.writeHead(303, { location: '/home', 'set-cookie': 'session=7; Path=/' }).end();
  });
  await oneIteration(
    () => {
      t.like(told(http.post('/login', { user: 'ann' })), { url: '/home', cookie: 'session=7' });
    },
    { target, cookies: true, redirects: 1 },
  );
});

test('each user has cookies of its own, from one iteration to the next', async (t) => {
  let users = 0;
  const seen = new Map<string, number>();
  const target = await serverOf(t, ({ headers: { cookie } }, response) => {
    if (cookie === undefined) response.setHeader('set-cookie', `user=${++users}`);
    else seen.set(cookie, (seen.get(cookie) ?? 0) + 1);
    response.end();
  });
  const iteration = () => void http.get('/');
  const options = { target, cookies: true, vus: 2, iterationsPerVu: 3, duration: '1m' };
  await spawn(() => run({ default: iteration }, options));
  t.deepEqual([...seen].sort(), [
    ['user=1', 2],
    ['user=2', 2],
  ]);
});

test('what is no number of redirects is refused before the run', async (t) => {
  const attempt = (options: object) =>
    t.throwsAsync<FiberError>(
      spawn(() => run({ default: () => undefined }, { vus: 1, iterations: 1, ...options })),
    );
  for (const redirects of [-1, 1.5, Infinity]) {
    t.is((await attempt({ redirects })).code, 'ERR_FIBER_INVALID_ARG_VALUE');
  }
  t.is((await attempt({ redirects: '1' })).code, 'ERR_FIBER_INVALID_ARG_TYPE');
  t.is((await attempt({ cookies: 1 })).code, 'ERR_FIBER_INVALID_ARG_TYPE');
});

test('the command line follows redirects and keeps cookies of a URL', async (t) => {
  const seen: string[] = [];
  const target = await serverOf(t, ({ url, headers: { cookie } }, response) => {
    seen.push(`${url ?? ''} ${cookie ?? ''}`);
    if (url === '/') response.writeHead(302, { location: '/home', 'set-cookie': 'a=1' }).end();
    else response.end();
  });
  const options = ['--redirects', '3', '--cookies', '--vus', '1', '--iterations', '2'];
  const { code } = await runChild(CLI, { args: ['load', `${target}/`, ...options] });
  t.is(code, 0);
  t.deepEqual(seen, ['/ ', '/home a=1', '/ a=1', '/home a=1']);
});
