// A scenario from a browser's recording, which runs; and what shells complete.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import test from 'ava';

import { runChild } from '../../test/helpers/child';
import { ROOT } from '../../test/helpers/root';

const FOLDER = join(ROOT, 'dist-test', 'load', 'scenarios');
mkdirSync(FOLDER, { recursive: true });
const file = (name: string): string => join(FOLDER, name);
const greenfiber = (...args: string[]) =>
  runChild(join(ROOT, 'dist', 'cli.js'), { args: ['load', ...args] });

interface Asked {
  readonly line: string;
  readonly body: string;
  readonly type: string | undefined;
  readonly browser: string | undefined;
}

const header = (name: string, value: string) => ({ name, value });

function recording(origin: string): object {
  const begun = Date.parse('2026-01-01T10:00:00.000Z');
  const entry = (
    at: number,
    page: string,
    method: string,
    url: string,
    more: object = {},
    status = 200,
  ) => ({
    startedDateTime: new Date(begun + at).toISOString(),
    time: 50,
    pageref: page,
    request: {
      method,
      url,
      headers: [header('User-Agent', 'x'), header('Host', 'y'), header('Cookie', 'secret')],
      ...more,
    },
    response: { status },
  });
  const json = {
    headers: [header('Content-Type', 'application/json'), header('X-Own', "it's \\ `${1}`")],
    postData: { text: '{"a":"\\u2028</script>"}' },
  };
  const form = {
    headers: [header('content-type', 'application/x-www-form-urlencoded')],
    postData: { params: [{ name: 'q', value: 'a b&c' }] },
  };
  return {
    log: {
      pages: [
        { id: 'p1', title: 'Ann\'s "shop"\n${2}' },
        { id: 'p2', title: 'Buy' },
      ],
      entries: [
        entry(0, 'p1', 'GET', `${origin}/`),
        entry(60, 'p1', 'GET', `${origin}/style.css`),
        entry(70, 'p1', 'GET', 'https://ads.test/track'),
        entry(400, 'p2', 'POST', `${origin}/orders/4711?x=1`, json, 201),
        entry(100, 'p1', 'POST', `${origin}/search`, form),
        entry(
          500,
          'p2',
          'GET',
          `${origin}/items/0f8fad5b-d9cb-469f-a165-70867728950e/more`,
          {},
          404,
        ),
        entry(510, 'p2', 'GET', 'ws://127.0.0.1:1/socket'),
      ],
    },
  };
}

test('a recording becomes a scenario, which asks for the same', async (t) => {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      const { 'content-type': type, 'user-agent': browser } = request.headers;
      asked.push({ line: `${request.method} ${request.url}`, body, type, browser });
      response
        .writeHead(
          request.method === 'POST' && body.startsWith('{')
            ? 201
            : request.url!.startsWith('/items')
              ? 404
              : 200,
        )
        .end();
    });
  }).listen(0, '127.0.0.1');
  t.teardown(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  writeFileSync(file('shop.har'), JSON.stringify(recording(origin)));
  const made = await greenfiber('har', file('shop.har'), '-o', file('shop-har.ts'));
  t.is(made.code, 0, made.stderr);
  const text = readFileSync(file('shop-har.ts'), 'utf8');
  t.false(text.includes('secret'), 'cookies are not in it');
  t.regex(text, /"name": "\/orders\/\{id\}"/);
  t.regex(text, /"name": "\/items\/\{id\}\/more"/);
  t.regex(text, /sleep\(250\);/);
  const { code, stdout, stderr } = await greenfiber(
    file('shop-har.ts'),
    '-n',
    '1',
    '-u',
    '1',
    '--threshold',
    'http_reqs{page:Buy}:count==2',
  );
  t.is(code, 0, stderr + stdout);
  t.deepEqual(asked, [
    { line: 'GET /', body: '', type: undefined, browser: undefined },
    {
      line: 'POST /search',
      body: 'q=a+b%26c',
      type: 'application/x-www-form-urlencoded',
      browser: undefined,
    },
    {
      line: 'POST /orders/4711?x=1',
      body: '{"a":"\\u2028</script>"}',
      type: 'application/json',
      browser: undefined,
    },
    {
      line: 'GET /items/0f8fad5b-d9cb-469f-a165-70867728950e/more',
      body: '',
      type: undefined,
      browser: undefined,
    },
  ]);
  t.regex(stdout, /✓ POST \/orders\/\{id\} is 201: 1 of 1/);
  const all = await greenfiber(
    'har',
    file('shop.har'),
    '--assets',
    '--host',
    'ads.test',
    '--host',
    '127.0.0.1',
  );
  t.regex(all.stdout, /ads\.test\/track/);
  t.regex(all.stdout, /style\.css/);
});

test('what is no recording is refused by what is wrong', async (t) => {
  const entry = {
    request: { method: 'GET', url: 'http://x.test/' },
    startedDateTime: '2026-01-01T10:00:00Z',
  };
  const wrong: [text: string, message: RegExp][] = [
    ['{', /could not be read/],
    ['null', /is no HTTP Archive: it has no log\.entries/],
    [
      JSON.stringify({ log: { entries: [entry, { ...entry, request: { url: 'nowhere' } }] } }),
      /log\.entries\[1\]: its URL is none/,
    ],
    [
      JSON.stringify({ log: { entries: [{ ...entry, startedDateTime: 'x' }] } }),
      /log\.entries\[0\]: startedDateTime is no date/,
    ],
    [
      JSON.stringify({ log: { entries: [{ ...entry, request: { url: 'http://x.test/a.css' } }] } }),
      /no request is left of 1; see --assets and --host \(hosts: x\.test\)/,
    ],
  ];
  for (const [text, message] of wrong) {
    writeFileSync(file('wrong.har'), text);
    const { code, stderr } = await greenfiber('har', file('wrong.har'));
    t.is(code, 2, stderr);
    t.regex(stderr, message);
  }
});

const BASH = '/bin/bash';
const inBash = existsSync(BASH) ? test : test.skip;

inBash('bash completes commands and options', async (t) => {
  const { stdout } = await greenfiber('completion', 'bash');
  const complete = (...words: string[]): string[] => {
    const list = words.map((word) => `'${word}'`).join(' ');
    const script = `${stdout}\nCOMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}; _greenfiber_load; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync(BASH, ['--norc', '-c', script], { encoding: 'utf8' }).trim().split('\n');
  };
  t.deepEqual(complete('greenfiber', 'l'), ['load']);
  t.true(complete('greenfiber', 'load', 'mer').includes('merge'));
  t.deepEqual(complete('greenfiber-load', 'x.ts', '--iterations-p'), ['--iterations-per-vu']);
  t.deepEqual(complete('greenfiber', 'load', 'compare', '--tol'), ['--tolerance']);
  t.deepEqual(complete('greenfiber-load', 'compare', '--vu'), ['']);
});

test('other shells are given what they need, and what is no shell is refused', async (t) => {
  t.regex(
    (await greenfiber('completion', 'zsh')).stdout,
    /^autoload -U \+X bashcompinit && bashcompinit\n_greenfiber_load\(\)/,
  );
  const { stdout } = await greenfiber('completion', 'fish');
  t.regex(
    stdout,
    /^complete -c greenfiber-load -n 'not __fish_seen_subcommand_from [^']*' -s u -l vus -d 'virtual users/m,
  );
  const { code, stderr } = await greenfiber('completion', 'dosh');
  t.is(code, 2);
  t.regex(stderr, /shell must be bash, zsh or fish/);
});
