// Where results go: files of other formats, endpoints, and reports that are written again from the results.
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type * as Ajv from 'ajv/dist/2020';
import test, { type ExecutionContext } from 'ava';
import type { Results } from 'greenfiber-load';

import { runChild } from '../../test/helpers/child';
import { ROOT } from '../../test/helpers/root';

const fromLoad = createRequire(join(ROOT, 'load/package.json'));
const folder = mkdtempSync(join(tmpdir(), 'greenfiber-outputs-'));
const file = (name: string): string => join(folder, name);
const read = (name: string): string => readFileSync(file(name), 'utf8');

const greenfiber = (args: string[], env: Record<string, string> = {}) =>
  runChild(join(ROOT, 'dist', 'cli.js'), { args: ['load', ...args], env });

/** Counts, gauges, shares, distributions, errors, checks, thresholds, and names that formats have to escape. */
writeFileSync(
  file('all.cjs'),
  `const load = require(${JSON.stringify(join(ROOT, 'load/dist'))});
  const bought = new load.Counter('bought'), stock = new load.Gauge('stock'), ok = new load.Rate('ok');
  const size = new load.Trend('size', { unit: 'bytes' });
  exports.options = { thresholds: { checks: 'rate>0.9', http_req_duration: { threshold: 'p(95)<5000', abortOnFail: true } } };
  exports.default = () => {
    const answer = load.http.get('/x', { name: 'a, "b" = c|d', tags: { empty: '', 'a b': 'c\\\\' } });
    load.check(answer, { 'is there': ({ status }) => status === 200 });
    bought.add(2); stock.set(-1.5); ok.add(true); size.add(10);
    load.http.get('http://127.0.0.1:1/');
    load.sleep(100);
  };`,
);

interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A server that keeps what it is sent. */
async function receiver(
  t: ExecutionContext,
  status = 204,
): Promise<{ url: string; all: Received[] }> {
  const all: Received[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      if (request.method === 'POST')
        all.push({ path: request.url!, headers: request.headers, body });
      response.writeHead(request.method === 'POST' ? status : 200).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, all };
}

const some = ['-u', '2', '-d', '2s'];

test('what --json writes is what the schema says, of one run, of several threads, and merged', async (t) => {
  const { url } = await receiver(t);
  const { Ajv2020 } = fromLoad('ajv/dist/2020') as typeof Ajv;
  const schema = JSON.parse(readFileSync(join(ROOT, 'load/results.schema.json'), 'utf8')) as object;
  const ajv = new Ajv2020({ strict: false, allErrors: true, formats: { 'date-time': true } });
  const validate = ajv.compile(schema);
  const of = (name: string): Results => JSON.parse(read(name)) as Results;
  for (const workers of ['1', '2']) {
    const json = file(`${workers}.json`);
    const { code, stderr } = await greenfiber([
      file('all.cjs'),
      '--target',
      url,
      ...some,
      '-w',
      workers,
      '--json',
      json,
      '-q',
    ]);
    t.is(code, 0, stderr);
    t.true(validate(of(`${workers}.json`)), JSON.stringify(validate.errors));
  }
  const { code } = await greenfiber([
    'merge',
    file('1.json'),
    file('2.json'),
    '--json',
    file('merged.json'),
    '-q',
  ]);
  t.is(code, 0);
  t.true(validate(of('merged.json')), JSON.stringify(validate.errors));
  const results = of('1.json');
  const types = new Set(results.metrics.map(({ type }) => type));
  t.deepEqual([...types].sort(), ['counter', 'gauge', 'rate', 'trend']);
  // It would not do if everything were right.
  t.false(validate({ ...results, workers: 0 }));
  t.false(validate({ ...results, more: 1 }));
  t.false(
    validate({
      ...results,
      metrics: [{ name: 'x', type: 'counter', unit: '', series: [{ tags: { a: 1 }, sum: 1 }] }],
    }),
  );
});

test('every sample is a line of JSON, from all threads', async (t) => {
  const { url } = await receiver(t);
  for (const workers of ['1', '2']) {
    const out = file(`samples-${workers}.ndjson`);
    const begun = Date.now();
    const { code, stderr } = await greenfiber([
      file('all.cjs'),
      '--target',
      url,
      '-u',
      '2',
      '-n',
      '6',
      '-w',
      workers,
      '-q',
      '--samples',
      out,
    ]);
    t.is(code, 0, stderr);
    const lines = readFileSync(out, 'utf8').trim().split('\n');
    const samples = lines.map(
      (line) =>
        JSON.parse(line) as {
          metric: string;
          time: number;
          value: number;
          tags: Record<string, string>;
          failed?: boolean;
        },
    );
    const of = (metric: string) => samples.filter((each) => each.metric === metric);
    t.is(of('http_req_duration').length, 12);
    t.is(of('http_req_duration').filter(({ failed }) => failed).length, 6);
    t.is(of('iteration_duration').length, 6);
    t.is(of('http_req_waiting').length, 6);
    t.deepEqual(
      of('bought').map(({ value }) => value),
      [2, 2, 2, 2, 2, 2],
    );
    t.is(of('checks').length, 6);
    t.like(of('errors')[0], { value: 1, tags: { kind: 'refused' } });
    t.is(of('http_req_duration')[0]!.tags['name'], 'a, "b" = c|d');
    for (const { time } of samples)
      t.true(time >= begun - 1 && time <= Date.now() + 1, String(time));
  }
});

test('CSV: a row for every figure of intervals and metrics', async (t) => {
  const { url } = await receiver(t);
  const args = [
    file('all.cjs'),
    '--target',
    url,
    ...some,
    '-q',
    '--json',
    file('csv.json'),
    '--csv',
    file('out.csv'),
  ];
  t.is((await greenfiber(args)).code, 0);
  const { data } = fromLoad(join(ROOT, 'load/dist/data.js')) as typeof import('../dist/data');
  const { rows } = data(file('out.csv'));
  const results = JSON.parse(read('csv.json')) as Results;
  const requests = rows.filter(({ kind, figure }) => kind === 'interval' && figure === 'requests');
  t.deepEqual(
    requests.map(({ value }) => Number(value)),
    results.points.map((point) => point.requests),
  );
  const row = rows.find(
    ({ name, tags, figure }) =>
      name === 'http_req_duration' && tags?.includes('a, "b" = c|d') && figure === 'p95',
  );
  t.is(row?.['unit'], 'ms');
  t.true(Number(row?.['value']) > 0);
});

test('Markdown for the page of a CI, which a report writes again alike', async (t) => {
  const { url } = await receiver(t);
  const args = ['-q', '--markdown', file('out.md')];
  const run = await greenfiber([
    file('all.cjs'),
    '--target',
    url,
    ...some,
    '--json',
    file('md.json'),
    ...args,
    '--threshold',
    'http_req_failed:rate<0.1',
  ]);
  t.is(run.code, 99);
  const text = read('out.md');
  t.regex(text, /^## ❌ Load test of all\.cjs\n/);
  t.regex(text, /\| requests \| a second \| failed \| p50 \|/);
  t.regex(text, /\| ❌ \| http\\_req\\_failed rate\\<0\.1 \| 50% \|/);
  t.regex(text, /\| ✅ \| http\\_req\\_duration p\(95\)\\<5000 \| \d[\d.]* (?:ms|µs|s) \|/);
  t.regex(text, /\| no answer \| \d+ \|/);
  t.regex(text, /\| \d+ \| refused \| connect ECONNREFUSED/);
  const again = await greenfiber(['report', file('md.json'), '-q', '--markdown', file('again.md')]);
  t.is(again.code, 99);
  t.is(read('again.md'), text);
});

/** Of the line protocol, read back: names and values without what was escaped. */
const LINE =
  /^(?<measurement>(?:\\.|[^, \\])+)(?<tags>(?:,(?:\\.|[^,= \\])+=(?:\\.|[^,= \\])+)*) (?<fields>[\w.]+=[-\d.e+]+(?:,[\w.]+=[-\d.e+]+)*) (?<at>\d{19})$/;

test("InfluxDB's line protocol, into a file, to an endpoint while it runs, and again from the results", async (t) => {
  const { url } = await receiver(t);
  const influx = await receiver(t);
  const to = `${influx.url}/api/v2/write?org=o&bucket=b`;
  const base = [file('all.cjs'), '--target', url, ...some, '-q'];
  const sent = await greenfiber([...base, '--influx', to], { INFLUX_TOKEN: 'secret' });
  t.is(sent.code, 0, sent.stderr);
  for (const { path, headers } of influx.all) {
    t.is(path, '/api/v2/write?org=o&bucket=b');
    t.is(headers.authorization, 'Token secret');
  }
  t.true(influx.all.length >= 4, 'one to try, two intervals, and the end');
  t.is(
    (await greenfiber([...base, '--influx', file('out.influx'), '--json', file('influx.json')]))
      .code,
    0,
  );
  const texts = [
    influx.all
      .slice(1)
      .map(({ body }) => body)
      .join(''),
    read('out.influx'),
  ];
  t.is(
    (await greenfiber(['report', file('influx.json'), '-q', '--influx', file('again.influx')]))
      .code,
    0,
  );
  texts.push(read('again.influx'));
  for (const text of texts) {
    const lines = text
      .trim()
      .split('\n')
      .map((each) => LINE.exec(each)?.groups ?? t.fail(each));
    const names = lines.map((groups) => (groups as Record<string, string>)['measurement']);
    t.true(names.filter((name) => name === 'greenfiber_load_interval').length >= 2);
    t.true(names.includes('greenfiber_load_stock'));
    t.true(text.includes('name=a\\,\\ "b"\\ \\=\\ c|d'), text);
    t.regex(text, /greenfiber_load_stock,[^ ]+(?:\\ [^ ]+)* value=-1\.5,/);
    t.false(text.includes('empty='), 'there are no empty tags');
  }
});

test('OTLP: metrics to a collector, while it runs and at its end', async (t) => {
  const { url } = await receiver(t);
  const collector = await receiver(t, 200);
  const env = { OTEL_EXPORTER_OTLP_HEADERS: 'api-key=a%20b,x=y' };
  const { code, stderr } = await greenfiber(
    [file('all.cjs'), '--target', url, ...some, '-q', '--otlp', collector.url],
    env,
  );
  t.is(code, 0, stderr);
  interface Metric {
    name: string;
    unit?: string;
    sum?: {
      isMonotonic: boolean;
      aggregationTemporality: number;
      dataPoints: { asDouble: number; timeUnixNano: string; startTimeUnixNano: string }[];
    };
    gauge?: { dataPoints: unknown[] };
    summary?: {
      dataPoints: {
        count: string;
        sum: number;
        quantileValues: { quantile: number; value: number }[];
      }[];
    };
  }
  const all = collector.all.map(({ path, headers, body }) => {
    t.is(path, '/v1/metrics');
    t.like(headers, { 'content-type': 'application/json', 'api-key': 'a b', x: 'y' });
    return JSON.parse(body) as { resourceMetrics: { scopeMetrics: { metrics: Metric[] }[] }[] };
  });
  t.deepEqual(all[0]!.resourceMetrics, [], 'to try it');
  const metrics = all
    .slice(1)
    .map(({ resourceMetrics }) => resourceMetrics[0]!.scopeMetrics[0]!.metrics);
  const counts = metrics.map(
    (each) => each.find(({ name }) => name === 'greenfiber.load.http_reqs')!.sum!,
  );
  const sums = counts.map(({ dataPoints }) =>
    dataPoints.reduce((sum, { asDouble }) => sum + asDouble, 0),
  );
  t.deepEqual(
    sums,
    [...sums].sort((a, b) => a - b),
    'they only grow',
  );
  for (const { isMonotonic, aggregationTemporality, dataPoints } of counts) {
    t.true(isMonotonic);
    t.is(aggregationTemporality, 2);
    for (const { timeUnixNano, startTimeUnixNano } of dataPoints)
      t.true(BigInt(timeUnixNano) >= BigInt(startTimeUnixNano));
  }
  const last = metrics.at(-1)!;
  const [latency] = last.find(({ name }) => name === 'greenfiber.load.http_req_waiting')!.summary!
    .dataPoints;
  t.deepEqual(
    latency!.quantileValues.map(({ quantile }) => quantile),
    [0, 0.5, 0.9, 0.95, 0.99, 0.999, 1],
  );
  t.is(last.find(({ name }) => name === 'greenfiber.load.size')!.unit, 'By');
  t.is(last.find(({ name }) => name === 'greenfiber.load.stock')!.gauge!.dataPoints.length, 1);
});

test('an endpoint that takes nothing is told before the run; one that fails later takes nothing along', async (t) => {
  const { url, all } = await receiver(t);
  const gone = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => gone.once('listening', resolve));
  const nobody = `http://127.0.0.1:${(gone.address() as AddressInfo).port}`;
  await new Promise((resolve) => gone.close(resolve));
  for (const option of ['--otlp', '--influx']) {
    const dead = await greenfiber([url, '-n', '1', option, nobody]);
    t.is(dead.code, 1);
    t.regex(dead.stderr, new RegExp(`${option} cannot be written: .*ECONNREFUSED`));
    const refusing = await receiver(t, 401);
    const refused = await greenfiber([url, '-n', '1', option, refusing.url]);
    t.is(refused.code, 1);
    t.regex(refused.stderr, /cannot be written: .*: 401/);
  }
  t.deepEqual(all, []);
  let times = 0;
  const failing = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(times++ === 0 ? 200 : 503).end());
  }).listen(0, '127.0.0.1');
  t.teardown(() => void failing.close());
  await new Promise((resolve) => failing.once('listening', resolve));
  const to = `http://127.0.0.1:${(failing.address() as AddressInfo).port}`;
  const { code, stdout, stderr } = await greenfiber([
    url,
    '-u',
    '1',
    '-d',
    '2s',
    '--otlp',
    to,
    '--json',
    file('later.json'),
  ]);
  t.is(code, 1);
  t.regex(stderr, /--otlp failed: .*: 503/);
  t.regex(stdout, /http_reqs/);
  t.is((JSON.parse(read('later.json')) as Results).name, url);
});
