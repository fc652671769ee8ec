// The command line in processes of its own: exit codes, outputs, threads, shards, signals.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import test from 'ava';
import { checkResults, registryOf, type Results } from 'greenfiber-load';

import { ROOT } from '../../test/docs/snippets';
import { answerOf } from '../../test/helpers/answer';
import { runChild } from '../../test/helpers/child';

// Inside of the package, so that scenarios find it by its name.
const FOLDER = join(ROOT, 'dist-test', 'load', 'scenarios');
const CLI = join(ROOT, 'dist', 'cli.js');
mkdirSync(FOLDER, { recursive: true });

const file = (name: string): string => join(FOLDER, name);

function scenario(name: string, source: string): string {
  writeFileSync(file(name), source);
  return file(name);
}

const greenfiber = (...args: string[]) => runChild(CLI, { args: ['load', ...args] });

const read = (name: string): Results =>
  checkResults(JSON.parse(readFileSync(file(name), 'utf8')), name);

const requests = (results: Results) =>
  (registryOf(results).metrics.get('http_reqs')!.total() as { sum: number }).sum;

let server: Server;
let url: string;

test.before(async () => {
  server = createServer((request, response) => {
    response.statusCode = request.url === '/missing' ? 404 : 200;
    response.end('{"name":"here"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
test.after.always(() => {
  server.closeAllConnections();
  server.close();
});

const TYPESCRIPT = `
import { check, http, Trend, vu, type LoadOptions } from 'greenfiber-load';

enum Step { look, buy }
const sizes: Trend = new Trend('sizes', { unit: 'bytes' });

export const options: LoadOptions = { vus: 4, iterationsPerVu: 10, duration: '10m', thresholds: { checks: 'rate==1' } };

export function setup(): { path: string; from: number } {
  return { path: '/x', from: Step.buy };
}

export default function ({ path, from }: { path: string; from: number }): void {
  const response = http.get(path, { tags: { user: String(vu().id) } });
  check(response, {
    'has its name': (answer) => (answer.json() as { name: string }).name === 'here',
    'was given data': () => from === 1,
  });
  sizes.add(response.body.length);
}
`;

test('a scenario in TypeScript runs, on several threads, each user once', async (t) => {
  const name = scenario('visit.ts', TYPESCRIPT);
  const { code, stderr, stdout } = await greenfiber(
    name,
    '--target',
    url,
    '-w',
    '2',
    '--json',
    file('visit.json'),
  );
  t.is(code, 0, stderr);
  t.regex(stdout, /visit\.ts: closed model, .* 2 workers/);
  t.regex(stdout, /✓ has its name: 40 of 40/);
  t.regex(stdout, /✓ checks rate==1/);
  const results = read('visit.json');
  t.is(requests(results), 40);
  t.is(results.workers, 2);
  const users = new Set(
    [...registryOf(results).metrics.get('http_reqs')!.series.values()].map(
      ({ tags }) => tags['user'],
    ),
  );
  t.deepEqual([...users].sort(), ['1', '2', '3', '4']);
});

for (const [extension, source] of [
  ['js', `import { http } from 'greenfiber-load'; export default () => { http.get('/'); };`],
  ['mjs', `import { http } from 'greenfiber-load'; export default () => { http.get('/'); };`],
  [
    'cjs',
    `const { http } = require('greenfiber-load'); exports.default = () => { http.get('/'); };`,
  ],
] as const) {
  test(`a scenario in .${extension} runs`, async (t) => {
    const name = scenario(`plain.${extension}`, source);
    const out = `${extension}.json`;
    const { code, stderr } = await greenfiber(
      name,
      '--target',
      url,
      '-n',
      '5',
      '-q',
      '--json',
      file(out),
    );
    t.is(code, 0, stderr);
    t.is(requests(read(out)), 5);
  });
}

test('shards share a rate, and their results merge into one', async (t) => {
  const names = ['1', '2', '3'].map((shard) => `shard-${shard}.json`);
  for (const [index, name] of names.entries()) {
    const { code } = await greenfiber(
      url,
      ...[
        '--rate',
        '100/s',
        '--duration',
        '1s',
        '--shard',
        `${index + 1}/3`,
        '-q',
        '--json',
        file(name),
      ],
      ...['--threshold', 'http_reqs:count==100'],
    );
    t.is(code, 99, 'a shard alone has a third of the requests');
  }
  t.deepEqual(
    names.map((name) => requests(read(name))),
    [34, 33, 33],
  );
  const { code, stdout } = await greenfiber(
    'merge',
    ...names.map(file),
    '--json',
    file('merged.json'),
    '--html',
    file('merged.html'),
  );
  t.is(code, 0);
  t.regex(stdout, /open model, .* 3 workers, shards 1\/3 2\/3 3\/3/);
  t.regex(stdout, /✓ http_reqs count==100/);
  const merged = read('merged.json');
  t.is(requests(merged), 100);
  t.is(
    merged.points.reduce((all, point) => all + point.requests, 0),
    100,
  );
  t.true(existsSync(file('merged.html')));
});

test('outputs: a line of JSON for every interval and metric, plain lines where there is no terminal', async (t) => {
  const out = file('run.ndjson');
  const { code, stdout, stderr } = await greenfiber(url, '--vus', '2', '-d', '2s', '--ndjson', out);
  t.is(code, 0);
  t.regex(stderr, /^ +1 of 2 s {2}2 users {2}[\d.,]+\/s {2}p50 .* {2}p99 .* {2}0% failed$/m);
  t.false(stderr.includes('\u001b'), 'no escapes');
  t.regex(stdout, /http_req_duration\.*: avg=/);
  const lines = readFileSync(out, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const intervals = lines.filter(({ type }) => type === 'interval');
  t.true(intervals.length >= 2);
  t.true(intervals[0].latency_ms.p99 > 0);
  t.truthy(lines.find(({ type, name }) => type === 'metric' && name === 'http_req_duration'));
  t.like(lines.at(-1), { type: 'end', passed: true });
  const { stdout: json } = await greenfiber(url, '-n', '1', '--json', '-');
  t.notThrows(() => checkResults(JSON.parse(json), 'stdout'));
});

const SCRIPT = '/usr/bin/script';
const inTerminal = existsSync(SCRIPT) ? test : test.skip;

for (const [size, titled] of [
  ['rows 30 cols 110', 'in a terminal the view is drawn in place, and gone when the summary comes'],
  ['rows 0 cols 0', 'in a terminal without a size there are plain lines'],
] as const) {
  inTerminal(titled, async (t) => {
    const command = `stty ${size}; '${process.execPath}' '${CLI}' load ${url} --vus 2 -d 2s`;
    const child = spawn(SCRIPT, ['-qec', command, '/dev/null'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.teardown(() => void child.kill('SIGKILL'));
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    t.deepEqual(await once(child, 'close'), [0, null]);
    const [view, summary] = text.split(/(?=closed model)/) as [string, string];
    if (size.startsWith('rows 30')) {
      t.regex(
        view,
        /█+░* +\d+% {2}0:01 gone, 0:01 left {2}2 users\r\nnow +[\d.,]+\/s +0% failed {2}0 errors\r\n +p50 .*p99\.9 .*\r\nso far +[\d,]+ requests +0% failed/,
      );
      t.true(view.includes('\u001b[2K'), 'lines are written over');
      t.true(summary.includes('\u001b[?25h'), 'the cursor is back');
    } else {
      t.regex(view, /^ +1 of 2 s {2}2 users .* 0% failed\r$/m);
      t.false(text.includes('\u001b'), 'no escapes');
    }
    t.regex(summary, /http_req_duration\.*: avg=/);
  });
}

test('metrics for Prometheus while it runs', async (t) => {
  const child = spawn(
    process.execPath,
    [CLI, 'load', url, '--rate', '50', '-d', '20s', '--prometheus', '0'],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  t.teardown(() => void child.kill('SIGKILL'));
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  let text = '';
  while (!/^greenfiber_load_requests_total\{run="[^"]+"\} [1-9]/m.test(text)) {
    const port = /metrics at port (\d+)/.exec(stderr)?.[1];
    text = port === undefined ? '' : await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    await new Promise((resolve) => setTimeout(resolve, 50));
    if (child.exitCode !== null) break;
  }
  t.regex(text, /^greenfiber_load_latency_seconds\{quantile="0\.99",run="[^"]+"\} 0?\.?\d/m);
  t.regex(text, /^# TYPE greenfiber_load_users gauge$/m);
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  t.is(code, 105);
});

test('Ctrl-C ends with a report, a second one at once', async (t) => {
  const slow = scenario(
    'slow.mjs',
    `import { sleep } from 'greenfiber-load'; export default () => sleep(600_000);`,
  );
  const start = async (...args: string[]) => {
    const child = spawn(process.execPath, [CLI, 'load', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    t.teardown(() => void child.kill('SIGKILL'));
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    await once(child.stderr, 'data'); // the first interval is over
    return { child, text: () => stdout };
  };
  const patient = await start(url, '--vus', '2', '-d', '1h');
  patient.child.kill('SIGINT');
  t.deepEqual(await once(patient.child, 'close'), [105, null]);
  t.regex(patient.text(), /ended early\n[^]*http_reqs/);

  const hurried = await start(slow, '--vus', '2', '-d', '1h');
  hurried.child.kill('SIGINT');
  await once(hurried.child.stderr, 'data');
  hurried.child.kill('SIGINT');
  t.deepEqual(await once(hurried.child, 'close'), [130, null]);
  t.is(hurried.text(), '');
});

test('a threshold that is crossed, also by a target that is dead, is the exit code 99', async (t) => {
  const dead = await greenfiber(
    'http://127.0.0.1:1/',
    '--vus',
    '1',
    '-n',
    '3',
    '--threshold',
    'http_req_failed:rate<0.01',
  );
  t.is(dead.code, 99);
  t.regex(dead.stdout, /3 x refused: connect ECONNREFUSED/);
  t.regex(dead.stdout, /✗ http_req_failed rate<0\.01: is 1/);
});

test('mistakes are told in a line, and end with 2; errors of a scenario with 107', async (t) => {
  const wrong: [args: string[], code: number, message: RegExp][] = [
    [[], 2, /missing required argument 'what'/],
    [['localhost:3000'], 107, /localhost:3000 is neither a URL in full, such as .* nor a file/],
    [[url, '--vus', 'many'], 2, /^greenfiber: --vus must be a whole number from 1, not 'many'\n$/],
    [[url, '--vus', '20000', '--max-vus', '100'], 2, /at most 100, which maxVus allows/],
    [
      [url, '--rate', '5000', '--max-rate', '100/s'],
      2,
      /at most 100 a second, which maxRate allows/,
    ],
    [[url, '--shard', '4/3'], 2, /--shard must be such as "1\/3"/],
    [[url, '--header', 'nonsense'], 2, /--header must be a name, ":" and a value/],
    [[url, '--threshold', 'nonsense'], 2, /--threshold must be such as/],
    [[url, '--prometheus', 'everywhere'], 2, /--prometheus must be a port/],
    [[url, '--no-such-option'], 2, /unknown option/],
    [['merge', file('none.json')], 2, /none\.json could not be read/],
    [['merge', join(ROOT, 'package.json')], 2, /is not what `greenfiber load --json` writes/],
    [[scenario('empty.mjs', ''), '-n', '1'], 107, /is no scenario: export the function/],
    [[scenario('broken.mjs', 'export default (;'), '-n', '1'], 107, /could not be loaded: /],
    [
      [
        scenario(
          'setup.mjs',
          `export function setup() { throw new Error('no luck'); } export default () => 1;`,
        ),
        '-n',
        '1',
      ],
      107,
      /Error: no luck\n {4}at setup/,
    ],
  ];
  // In one process: starting one for each takes longer than all the rest.
  const program = `
    const { main } = require('./load/dist/main.js');
    const write = process.stderr.write;
    (async () => {
      const ended = [];
      for (const args of ${JSON.stringify(wrong.map(([args]) => args))}) {
        let stderr = '';
        process.stderr.write = (text) => (stderr += text);
        ended.push({ code: await main(['load', ...args]), stderr });
      }
      process.stderr.write = write;
      console.log(JSON.stringify(ended));
    })();
  `;
  const ended = (await answerOf(t, program)) as { code: number; stderr: string }[];
  for (const [index, [args, code, message]] of wrong.entries()) {
    t.is(ended[index]!.code, code, `${args.join(' ')}: ${ended[index]!.stderr}`);
    t.regex(ended[index]!.stderr, message);
  }
});

test('require of the package, and of greenfiber-load, loads no library that only a load test needs', async (t) => {
  const program = `
    require('greenfiber');
    require('greenfiber-load');
    const loaded = Object.keys(require.cache).filter((name) => name.includes('node_modules'));
    console.log(loaded.filter((name) => /undici|hdr-histogram|prom-client|commander|jiti|ws\\W/.test(name)).length);
  `;
  t.is((await runChild(program)).stdout, '0\n');
});
