// What is counted, under what, and that none of it is lost or made up.
import test from 'ava';
import { group, sleep } from 'greenfiber';
import {
  check,
  Counter,
  Gauge,
  Histogram,
  http,
  judge,
  measure,
  mergeResults,
  registryOf,
  run,
  tagged,
  Trend,
  vu,
  type FailureKind,
  type Results,
  type RunOptions,
  type Scenario,
  type Tags,
} from 'greenfiber-load';
import { simulate } from 'greenfiber/testing';

async function simulated(
  iteration: Scenario['default'],
  options: RunOptions = {},
): Promise<Results> {
  let results: Results | undefined;
  await simulate(
    () => {
      const once = { vus: 1, iterations: 1, handler: () => ({}), target: 'http://shop.test/' };
      results = run({ default: iteration }, { ...once, ...options });
    },
    { schedules: 1 },
  );
  return results!;
}

const total = (results: Results, name: string, tags: Tags = {}) =>
  registryOf(results).metrics.get(name)?.total(tags);
const sum = (results: Results, name: string, tags: Tags = {}) =>
  (total(results, name, tags) as { sum: number } | undefined)?.sum ?? 0;

test('tags belong to the task and its children, and to no other task of the user', async (t) => {
  const handler = () => (sleep(20), {});
  const results = await simulated(
    () => {
      group((members) => {
        members.spawn(() =>
          tagged({ part: 'cart' }, () => {
            http.get('/a');
            group((children) => void children.spawn(() => http.get('/a')));
          }),
        );
        members.spawn(() => (sleep(5), http.get('/b')));
      });
      http.get('/c');
    },
    { handler },
  );
  for (const { tags } of registryOf(results).metrics.get('http_reqs')!.series.values()) {
    t.is(tags['part'], tags['name'] === '/a' ? 'cart' : undefined, tags['name']);
  }
  t.is(sum(results, 'http_reqs', { part: 'cart' }), 2);
});

test('a gauge of several tags, threads or machines has the last of their values, and their extremes', async (t) => {
  const queue = new Gauge('queue_length');
  const part = (shop: string, values: number[]) =>
    simulated(
      () => {
        for (const value of values) {
          queue.set(value, { shop });
          sleep(1);
        }
      },
      { duration: '1s' },
    );
  const [a, b] = [await part('a', [10, 5]), await part('b', [20, 7, 9])];
  const merged = mergeResults([b, a]);
  t.like(total(merged, 'queue_length'), { last: 9, min: 5, max: 20 });
  t.like(total(merged, 'queue_length', { shop: 'a' }), { last: 5, min: 5, max: 10 });
});

test('a distribution refuses what it cannot hold, wherever it comes from', async (t) => {
  const size = new Trend('size', { unit: '' });
  const results = await simulated(() => {
    for (const value of [5, 9e12, 1e13, -1, NaN, Infinity]) {
      if (value >= 0 && value <= 9e12) size.add(value);
      else t.throws(() => size.add(value), { code: 'ERR_FIBER_INVALID_ARG_VALUE' }, String(value));
    }
    t.throws(() => size.add('5' as never), { code: 'ERR_FIBER_INVALID_ARG_TYPE' });
  });
  const { histogram } = total(results, 'size') as { histogram: Histogram };
  t.is(histogram.count, 2);
  t.true(histogram.mean <= histogram.max && histogram.max >= 9e12);
  t.throws(() => new Histogram().record(-1), { code: 'ERR_FIBER_INVALID_ARG_VALUE' });
});

test('errors of measure are counted once, however they are handled', async (t) => {
  const fail = (error: unknown) => () =>
    measure('query', () => {
      throw error;
    });
  const reset = () => Object.assign(new Error('gone'), { code: 'ECONNRESET' });
  const caught = await simulated(() => void t.throws(fail(reset())), { iterations: 3 });
  t.is(sum(caught, 'errors', { kind: 'reset' }), 3);
  t.is(sum(caught, 'failed_iterations'), 0);
  for (const make of [reset, () => 'only text']) {
    const thrown = await simulated(() => fail(make())(), { iterations: 3 });
    t.is(sum(thrown, 'errors'), 3);
    t.is(sum(thrown, 'failed_iterations'), 3);
  }
  t.is(total(caught, 'query'), undefined, 'what failed has no duration');
});

test('async functions are waited for: iterations, checks, measures, tags, setup and teardown', async (t) => {
  const pause = () => new Promise((resolve) => setTimeout(resolve, 50));
  const seen: string[] = [];
  let results: Results | undefined;
  const { spawn } = require('greenfiber') as typeof import('greenfiber');
  await spawn(() => {
    results = run(
      {
        setup: async () => (await pause(), 'data'),
        default: async (data: string) => {
          seen.push(data);
          t.false(check(500, { fine: async (status: number) => (await pause(), status === 200) }));
          measure('slow', async () => await pause());
          await tagged({ a: 'b' }, async () => await pause());
          throw new Error('from an async iteration');
        },
        teardown: async () => (await pause(), seen.push('over')),
      },
      { vus: 1, iterations: 2 },
    );
  });
  t.deepEqual(seen, ['data', 'data', 'over']);
  t.like(total(results!, 'checks'), { passed: 0, total: 2 });
  t.is(sum(results!, 'failed_iterations'), 2);
  const { histogram } = total(results!, 'slow') as { histogram: Histogram };
  t.true(histogram.min > 40, String(histogram.min));
});

test('what follows an await has left the task, and the error says so', async (t) => {
  const { spawn } = require('greenfiber') as typeof import('greenfiber');
  const iteration = async () => {
    await Promise.resolve();
    http.get('/');
  };
  const results = await spawn(() => run({ default: iteration }, { vus: 1, iterations: 1 }));
  t.regex(results.errors[0]!.message, /what follows an await/);
});

test('URLs without end take no memory, and are counted; thresholds find what they ask for', async (t) => {
  const results = await simulated(
    () => {
      const n = vu().iteration;
      http.get(`/item/${n}`, { tags: { shop: n % 10 === 0 ? 'small' : `large ${n}` } });
    },
    {
      iterations: 2000,
      duration: '1h',
      handler: ({ url }) => ({ status: url.pathname.endsWith('7') ? 500 : 200 }),
      thresholds: { 'http_reqs{shop:small}': 'count==200', 'http_reqs{status:500}': 'count==200' },
    },
  );
  const registry = registryOf(results);
  const requests = registry.metrics.get('http_reqs')!;
  t.true(requests.series.size < 300, String(requests.series.size));
  t.is(sum(results, 'http_reqs'), 2000);
  t.is(requests.folded, 1800);
  t.is(sum(results, 'http_reqs', { overflow: 'true' }), 1800);
  for (const { passed, metric, value } of judge(results.thresholds, registry, results.seconds)) {
    t.true(passed, `${metric}: ${value}`);
  }
});

test('messages without end are counted by kind, and metrics without end are refused', async (t) => {
  const results = await simulated(
    () => {
      throw new Error(`number ${vu().iteration}`);
    },
    { iterations: 500 },
  );
  t.is(results.errors.length, 51);
  const { message, count }: { message: string; count: number } = results.errors.at(-1)!;
  t.deepEqual({ message, count }, { message: '(other messages)', count: 450 });
  const many = await simulated(
    () => {
      measure(`query ${vu().iteration}`, () => undefined);
    },
    { iterations: 600 },
  );
  t.true(many.metrics.length < 520);
  t.regex(many.errors[0]!.message, /tell them apart by tags/);
});

test('a user keeps few connections open, however many origins it asks', async (t) => {
  const results = await simulated(
    () => {
      for (let i = 0; i < 200; i++) http.get(`http://host-${i}.test/`, { name: 'any' });
      t.true((vu() as unknown as { wires: unknown[] }).wires.length <= 64);
    },
    { iterations: 2 },
  );
  t.is(sum(results, 'http_reqs'), 400);
  t.deepEqual(results.errors, []);
});

test('what is recorded anyway is nobody else’s name; a clash of threads keeps both', async (t) => {
  for (const name of ['http_reqs', 'checks', 'iterations']) {
    t.throws(() => new Counter(name), { code: 'ERR_FIBER_INVALID_ARG_VALUE' }, name);
  }
  await simulated(() => {
    const code = 'ERR_FIBER_INVALID_ARG_VALUE';
    t.throws(() => measure('iteration_duration', () => undefined), { code });
  });
  const one = await simulated(() => new Counter('clash').add(2));
  const other = await simulated(() => new Trend('clash').add(5));
  const merged = mergeResults([one, other]);
  t.is(sum(merged, 'clash'), 2);
  t.is((total(merged, 'clash_trend_ms') as { histogram: Histogram }).histogram.count, 1);
});

test('errors that are the peer’s, and those that are not', async (t) => {
  const expected: Record<string, FailureKind> = {
    ECONNRESET: 'reset',
    HPE_INVALID_CONSTANT: 'protocol',
    UND_ERR_INVALID_ARG: 'exception',
    ERR_FIBER_INVALID_ARG_VALUE: 'exception',
    EMFILE: 'local',
    ERR_TIMEOUT: 'timeout',
  };
  for (const [code, kind] of Object.entries(expected)) {
    const results = await simulated(() => {
      throw Object.assign(new Error(code), { code });
    });
    t.is(results.errors[0]!.kind, kind, code);
  }
});

test('iterations that are all begun have what is left of the duration to end in', async (t) => {
  const results = await simulated(() => sleep(60_000), {
    vus: 2,
    iterations: 3,
    gracefulStop: '1s',
  });
  t.is(sum(results, 'iterations'), 3);
  t.is(sum(results, 'interrupted_iterations'), 0);
});

test('results are told before what teardown throws', async (t) => {
  const told: Results[] = [];
  await simulate(
    () => {
      const teardown = () => {
        throw new Error('clean-up failed');
      };
      const scenario = { default: () => sleep(1), teardown };
      const onResults = (results: Results) => told.push(results);
      t.throws(() => run(scenario, { vus: 1, iterations: 4, onResults }), {
        message: 'clean-up failed',
      });
    },
    { schedules: 1 },
  );
  t.is(sum(told[0]!, 'iterations'), 4);
});
