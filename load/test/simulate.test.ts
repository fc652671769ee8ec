// A scenario under the virtual clock, against a handler in the same process: minutes of load in no time.
import test from 'ava';
import { now, sleep } from 'greenfiber';
import {
  check,
  Counter,
  Gauge,
  Histogram,
  http,
  judge,
  mergeResults,
  Rate,
  registryOf,
  run,
  tagged,
  Trend,
  vu,
  type HandlerRequest,
  type HandlerResponse,
  type Results,
  type RunOptions,
  type Scenario,
} from 'greenfiber-load';
import { simulate } from 'greenfiber/testing';

const SERVICE_TIME = 20;

function handler({ url, method, body }: HandlerRequest): HandlerResponse {
  sleep(url.pathname === '/slow' ? 400 : SERVICE_TIME);
  if (url.pathname === '/broken') throw Object.assign(new Error('reset'), { code: 'ECONNRESET' });
  if (url.pathname === '/missing') return { status: 404 };
  return {
    status: method === 'POST' ? 201 : 200,
    headers: { 'X-Path': url.pathname },
    body: JSON.stringify({ path: url.pathname, body }),
  };
}

async function simulated<D>(
  scenario: Scenario<D>,
  options: RunOptions,
  schedules = 3,
): Promise<Results> {
  let results: Results | undefined;
  await simulate(
    () => {
      results = run(scenario, { target: 'http://shop.test/', handler, ...options });
    },
    { seed: 1, schedules },
  );
  return results!;
}

const total = (results: Results, name: string, tags = {}) =>
  registryOf(results).metrics.get(name)?.total(tags);
const sum = (results: Results, name: string, tags = {}) =>
  (total(results, name, tags) as { sum: number } | undefined)?.sum ?? 0;
const trend = (results: Results, name: string, tags = {}) =>
  (total(results, name, tags) as { histogram: Histogram }).histogram;

test('users take turns with thinking and waiting, in virtual time', async (t) => {
  const results = await simulated(
    {
      default: () => {
        const response = http.get('/a');
        check(response, {
          'is answered': ({ status }) => status === 200,
          'names its path': (answer) => (answer.json() as { path: string }).path === '/a',
          'has a header': ({ headers }) => headers['x-path'] === '/a',
          never: () => false,
          throws: () => JSON.parse('{') as boolean,
        });
        sleep(80);
      },
    },
    { vus: 10, duration: '10s' },
  );
  // An iteration takes 100 ms, so ten users begin a hundred a second.
  t.is(sum(results, 'iterations'), 1000);
  t.is(sum(results, 'http_reqs', { status: '200', name: '/a' }), 1000);
  t.true(Math.abs(trend(results, 'http_req_duration').percentile(99) - SERVICE_TIME) < 0.1);
  const checks = registryOf(results).metrics.get('checks')!;
  for (const [name, passed] of Object.entries({ 'is answered': 1000, never: 0, throws: 0 })) {
    t.like(checks.total({ check: name }), { passed, total: 1000 }, name);
  }
  t.deepEqual(results.errors, []);
  t.is(results.points.length >= 10, true);
  t.is(results.points[4]!.requests, 100);
});

test('setup makes the data, every user has its own, and teardown sees the end', async (t) => {
  const seen: string[] = [];
  const results = await simulated(
    {
      setup: () => {
        seen.push(http.get('/setup').text());
        return { prefix: 'user' };
      },
      default: ({ prefix }: { prefix: string }) => {
        const user = vu();
        user.data['visits'] = Number(user.data['visits'] ?? 0) + 1;
        t.is(user.data['visits'], user.iteration + 1);
        http.get(`/${prefix}/${String(user.id)}`, { name: 'own' });
      },
      teardown: ({ prefix }: { prefix: string }) => seen.push(`${prefix} done`),
    },
    { vus: 3, iterations: 30, duration: '1h' },
    1,
  );
  t.deepEqual(seen, ['{"path":"/setup"}', 'user done']);
  t.is(sum(results, 'http_reqs'), 30, 'what setup asks for is not counted');
});

test('latency counts from when an iteration was due: coordinated omission is not', async (t) => {
  // 20 a second, each of which takes 400 ms, and two users: five a second can be done.
  const slow = { default: () => void http.get('/slow') };
  const held = await simulated(slow, {
    rate: '20/s',
    duration: '4s',
    maxVus: 2,
    gracefulStop: '1s',
  });
  const duration = trend(held, 'http_req_duration');
  t.true(duration.percentile(0) < 410);
  // The last one that began was due long before.
  t.true(duration.max > 2500, String(duration.max));
  const done = sum(held, 'iterations');
  t.true(done >= 19 && done <= 22, String(done));
  t.true(sum(held, 'late_iterations') >= 16);
  t.is(done + sum(held, 'dropped_iterations'), 80);

  // With as many users as it takes, none is late, and the latency is that of the service.
  const enough = await simulated(slow, { rate: '20/s', duration: '4s', gracefulStop: '1s' });
  t.is(sum(enough, 'iterations'), 80);
  t.is(sum(enough, 'late_iterations') + sum(enough, 'dropped_iterations'), 0);
  t.true(Math.abs(trend(enough, 'http_req_duration').percentile(100) - 400) < 1);
  t.true(Math.max(...enough.points.map(({ vus }) => vus)) <= 10);
});

test('failures are answers with the status 0, counted by kind, and users go on', async (t) => {
  const results = await simulated(
    {
      default: () => {
        const broken = http.get('/broken');
        t.like(broken, { status: 0, ok: false, failure: { kind: 'reset', message: 'reset' } });
        t.like(http.get('/missing'), { status: 404, ok: false, failure: undefined });
        const late = http.get('/slow', { timeout: 50 });
        t.like(late, { status: 0, failure: { kind: 'timeout' } });
        t.is(Math.round(late.duration), 50);
        throw new Error(`iteration ${String(vu().iteration)} failed`);
      },
    },
    { vus: 2, iterations: 4 },
  );
  t.is(sum(results, 'errors', { kind: 'reset' }), 4);
  t.is(sum(results, 'errors', { kind: 'timeout' }), 4);
  t.is(sum(results, 'errors', { kind: 'exception' }), 4);
  t.is(sum(results, 'failed_iterations'), 4);
  t.like(total(results, 'http_req_failed'), { passed: 12, total: 12 });
  t.is(
    results.errors.reduce((all, { count }) => all + count, 0),
    12,
  );
});

test('what still runs after the graceful stop is cancelled, and its finally blocks run', async (t) => {
  let cleaned = 0;
  const results = await simulated(
    {
      default: () => {
        try {
          sleep(60_000);
        } finally {
          cleaned++;
        }
      },
    },
    { vus: 5, duration: '1s', gracefulStop: '2s' },
    1,
  );
  t.is(cleaned, 5);
  t.is(sum(results, 'interrupted_iterations'), 5);
  t.is(sum(results, 'iterations'), 0);
  t.is(sum(results, 'errors'), 0);
});

test('custom metrics and tags', async (t) => {
  const bought = new Counter('bought');
  const stock = new Gauge('stock');
  const lucky = new Rate('lucky');
  const price = new Trend('price', { unit: '€' });
  const results = await simulated(
    {
      default: () => {
        const n = vu().iteration;
        bought.add(2);
        stock.set(10 - n);
        lucky.add(n % 2 === 0);
        tagged({ region: 'north' }, () => {
          price.add(n, { kind: 'full' });
          http.get('/a');
        });
        t.throws(() => price.add(-1), { code: 'ERR_FIBER_INVALID_ARG_VALUE' });
      },
    },
    { vus: 1, iterations: 10, tags: { env: 'test' } },
    1,
  );
  t.is(sum(results, 'bought', { env: 'test' }), 20);
  t.like(total(results, 'stock'), { last: 1, min: 1, max: 10 });
  t.like(total(results, 'lucky'), { passed: 5, total: 10 });
  t.is(trend(results, 'price', { region: 'north', kind: 'full', env: 'test' }).count, 10);
  t.is(sum(results, 'http_reqs', { region: 'north' }), 10);
  t.throws(() => bought.add(1), { code: 'ERR_LOAD_NO_USER' });
  t.throws(() => new Counter('no spaces'), { code: 'ERR_FIBER_INVALID_ARG_VALUE' });
});

test('a metric with one name cannot have two types, and too many tags become one', async (t) => {
  const results = await simulated(
    {
      default: () => {
        const n = vu().iteration;
        new Counter('many').add(1, { n: String(n) });
        if (n === 0)
          t.throws(() => new Rate('many').add(true), { code: 'ERR_FIBER_INVALID_ARG_VALUE' });
      },
    },
    { vus: 1, iterations: 500 },
    1,
  );
  t.is(sum(results, 'many'), 500);
  t.is(sum(results, 'many', { overflow: 'true' }), 300);
});

test('thresholds are judged by figure and by tag', async (t) => {
  const results = await simulated(
    { default: () => void (http.get('/a'), http.get('/slow', { tags: { step: 'slow' } })) },
    { vus: 2, iterations: 20 },
    1,
  );
  const registry = registryOf(results);
  const judged = (metric: string, expression: string) =>
    judge([{ metric, expression }], registry, results.seconds)[0]!.passed;
  t.true(judged('http_req_duration', 'p(99)>=400'));
  t.false(judged('http_req_duration', 'max<400'));
  t.true(judged('http_req_duration{step:slow}', 'min>399'));
  t.true(judged('http_req_duration{name:/a}', 'max<21'));
  t.true(judged('http_reqs', 'count==40'));
  t.true(judged('http_req_failed', 'rate<0.01'));
  t.false(judged('no_such_metric', 'count<1'), 'what was never recorded does not hold');
  t.false(judged('http_req_failed', 'p(95)<1'), 'a rate has no percentiles');
});

test('the same seed takes the same course', async (t) => {
  const scenario = { default: () => (http.get('/a'), sleep(7)) };
  const [one, other] = [
    await simulated(scenario, { vus: 3, duration: '2s' }, 1),
    await simulated(scenario, { vus: 3, duration: '2s' }, 1),
  ];
  t.deepEqual({ ...one, started: '' }, { ...other, started: '' });
});

test('parts of a run merge into what the whole would have been', async (t) => {
  const times = [3, 17, 250, 4000];
  const part = (own: number[]) =>
    simulated(
      { default: () => sleep(own[vu().iteration]!) },
      { vus: 1, iterations: own.length },
      1,
    );
  const merged = mergeResults([await part(times.slice(0, 2)), await part(times.slice(2))]);
  const whole = new Histogram();
  for (const time of times) whole.record(time);
  const duration = trend(merged, 'iteration_duration');
  t.is(duration.count, 4);
  for (const share of [25, 50, 75, 100]) t.is(duration.percentile(share), whole.percentile(share));
  t.is(
    merged.points.reduce((all, { iterations }) => all + iterations, 0),
    4,
  );
  t.throws(() => mergeResults([]), { code: 'ERR_LOAD_RESULTS' });
});

test('a run is cancelled with the task that runs it, and leaves nobody behind', async (t) => {
  const { timeout } = require('greenfiber') as typeof import('greenfiber');
  await simulate(
    () => {
      const start = now();
      t.throws(
        () => timeout(500, () => run({ default: () => sleep(1e6) }, { vus: 3, duration: '1h' })),
        {
          code: 'ERR_TIMEOUT',
        },
      );
      t.is(now() - start, 500);
    },
    { schedules: 3 },
  );
});
