// Several scenarios in one run: loads of their own, start times, weights, thresholds.
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import test from 'ava';
import { now, sleep, spawn, type FiberError } from 'greenfiber';
import {
  http,
  judge,
  registryOf,
  run,
  vu,
  type LoadOptions,
  type Results,
  type Scenario,
  type ScenarioOptions,
} from 'greenfiber-load';
import { simulate } from 'greenfiber/testing';

import { runChild } from '../../test/helpers/child';
import { ROOT } from '../../test/helpers/root';

async function simulated(scenario: Scenario, options: LoadOptions = {}): Promise<Results> {
  let results: Results | undefined;
  await simulate(
    () => {
      const handler = () => (sleep(20), {});
      results = run(scenario, { target: 'http://shop.test/', handler, ...options });
    },
    { schedules: 1 },
  );
  return results!;
}

const sum = (results: Results, name: string, tags = {}) =>
  (registryOf(results).metrics.get(name)?.total(tags) as { sum: number } | undefined)?.sum ?? 0;

/** What began when, by scenario. */
class Diary {
  readonly times: Record<string, number[]> = {};
  readonly users: Record<string, Set<number>> = {};
  readonly #start = now();

  note(): void {
    const { scenario, id } = vu();
    (this.times[scenario] ??= []).push(now() - this.#start);
    (this.users[scenario] ??= new Set()).add(id);
  }
}

async function diaryOf(scenarios: Record<string, ScenarioOptions>): Promise<Diary> {
  let diary: Diary | undefined;
  await simulate(
    () => {
      const own = (diary = new Diary());
      const visit = () => (own.note(), sleep(100));
      run({ visit }, { scenarios });
    },
    { schedules: 1 },
  );
  return diary!;
}

const exec = 'visit';

test('each scenario has the model, the start time and the end that it names', async (t) => {
  const { times, users } = await diaryOf({
    vus: { exec, vus: 2, duration: '1s' },
    ramping: { exec, stages: '1s:10,1s:0', startTime: '10s', gracefulStop: '1s' },
    rate: { exec, rate: '10/s', duration: '1s', startTime: '20s' },
    rampingRate: { exec, rate: 0, stages: '2s:20', startTime: '30s' },
    shared: { exec, vus: 3, iterations: 7, startTime: '40s' },
    each: { exec, vus: 3, iterationsPerVu: 4, startTime: '50s' },
  });
  const count = Object.fromEntries(Object.entries(times).map(([name, all]) => [name, all.length]));
  t.like(count, { vus: 20, rate: 10, rampingRate: 20, shared: 7, each: 12 });
  t.true(count['ramping']! > 60 && count['ramping']! < 130, String(count['ramping']));
  for (const [index, name] of Object.keys(count).entries()) {
    const [first, last] = [times[name]![0]!, times[name]!.at(-1)!];
    t.true(first >= 10_000 * index && first < 10_000 * index + 300, `${name} began at ${first}`);
    t.true(last <= 10_000 * index + 2000, `${name} ended at ${last}`);
  }
  t.deepEqual(
    times['rate'],
    [0, 100, 200, 300, 400, 500, 600, 700, 800, 900].map((at) => at + 20_000),
  );
  t.is(users['each']!.size, 3);
  const all = Object.values(users).flatMap((each) => [...each]);
  t.is(new Set(all).size, all.length, 'no user is of two scenarios');
});

test('scenarios with a weight share the load of the run, iteration by iteration', async (t) => {
  const home = () => void http.get('/home');
  const buy = () => void http.get('/buy');
  const scenarios = { home: { weight: 8 }, buy: { weight: 2 } };
  for (const load of [
    { vus: 5, duration: '10s' },
    { rate: 50, duration: '10s' },
  ]) {
    const results = await simulated({ home, buy }, { scenarios, ...load });
    const [homes, buys] = ['home', 'buy'].map((scenario) =>
      sum(results, 'iterations', { scenario }),
    );
    const all = sum(results, 'iterations');
    t.is(homes! + buys!, all);
    t.true(all >= 490, String(all));
    t.true(Math.abs(homes! / all - 0.8) < 0.01, `${homes} of ${all}`);
    t.is(sum(results, 'http_reqs', { scenario: 'buy', name: '/buy' }), buys!);
    t.is(sum(results, 'http_reqs', { scenario: 'buy', name: '/home' }), 0);
  }
});

test('users that do one thing after the other do them in no fixed order', async (t) => {
  const orders = new Map<number, string>();
  const note = () => {
    const { id, scenario } = vu();
    orders.set(id, (orders.get(id) ?? '') + scenario);
    sleep(10);
  };
  const scenarios = { a: { weight: 1 }, b: { weight: 1 } };
  await simulated({ a: note, b: note }, { scenarios, vus: 2, iterations: 200 });
  for (const order of orders.values()) t.regex(order, /ab[^]*ba/);
});

test('a scenario beside others with weights has a load of its own', async (t) => {
  const results = await simulated(
    { a: () => sleep(100), b: () => sleep(100), probe: () => undefined },
    {
      vus: 4,
      duration: '2s',
      scenarios: { a: { weight: 1 }, b: { weight: 3 }, probe: { rate: '2/s', duration: '3s' } },
    },
  );
  t.is(sum(results, 'iterations', { scenario: 'probe' }), 6);
  t.is(sum(results, 'iterations'), 86);
  t.is(results.model, 'mixed');
});

test('thresholds of a scenario are judged by its samples alone', async (t) => {
  const results = await simulated(
    { slow: () => sleep(400), fast: () => void http.get('/', { tags: { step: 'a,b' } }) },
    {
      scenarios: {
        slow: { vus: 1, iterations: 3, thresholds: { iteration_duration: 'min>300' } },
        fast: {
          vus: 1,
          iterations: 3,
          thresholds: {
            iteration_duration: 'max<100',
            'http_reqs{step:"a,b"}': 'count==3',
            'http_reqs{status:404}': 'count==0',
          },
        },
      },
      thresholds: { iterations: 'count==6' },
    },
  );
  const judged = judge(results.thresholds, registryOf(results), results.seconds);
  t.is(judged.length, 5);
  for (const { metric, expression, passed } of judged) t.true(passed, `${metric} ${expression}`);
});

test('a threshold that ends the run ends all of its scenarios, also those that have not begun', async (t) => {
  const results = await simulated(
    { a: () => sleep(100), later: () => sleep(100) },
    {
      scenarios: {
        a: {
          vus: 2,
          duration: '1m',
          thresholds: { iterations: { threshold: 'count<5', abortOnFail: true } },
        },
        later: { vus: 1, duration: '1m', startTime: '30s' },
      },
    },
  );
  t.is(results.endedBy, 'iterations{scenario:a} count<5');
  t.true(results.seconds < 3, String(results.seconds));
  t.is(sum(results, 'iterations', { scenario: 'later' }), 0);
});

const functions = { home: () => undefined, buy: () => undefined };
const refused: [what: string, options: LoadOptions, message: RegExp][] = [
  ['no scenario at all', { scenarios: {} }, /options\.scenarios must be left out, or with/],
  [
    'a function that is not there',
    { scenarios: { hom: { vus: 1 } } },
    /options\.scenarios\.hom\.exec must be a function that the scenario's file exports \(did you mean home\?\); there are home, buy/,
  ],
  [
    'a misspelt option',
    { scenarios: { home: { vuss: 1 } as ScenarioOptions } },
    /scenarios\.home\.vuss must be left out: there is no such option \(did you mean vus\?\)/,
  ],
  [
    'a load of its own beside a weight',
    { vus: 3, scenarios: { home: { weight: 1, vus: 1 } } },
    /scenarios\.home\.vus must be left out where there is a weight/,
  ],
  [
    "a load of the run's that nobody has",
    { vus: 3, scenarios: { home: { vus: 1 } } },
    /options\.vus must be left out: every scenario has a load of its own/,
  ],
  ['a weight of nothing', { scenarios: { home: { weight: 0 } } }, /home\.weight must be above 0/],
  [
    'a number for each user beside stages',
    { scenarios: { home: { iterationsPerVu: 2, stages: '1s:1' } } },
    /home\.stages must be left out when there are iterationsPerVu/,
  ],
  ['a start time that is none', { scenarios: { home: { startTime: 'soon' } } }, /home\.startTime/],
  [
    'a threshold of no metric',
    { scenarios: { home: { thresholds: { latency: 'p(95)<1' } } } },
    /scenarios\.home\.thresholds\["latency"\] must be about a metric/,
  ],
];

for (const [what, options, message] of refused) {
  test(`${what} is refused before the run`, async (t) => {
    const error = await t.throwsAsync<FiberError>(
      async () => await spawn(() => run(functions, options)),
    );
    t.regex(error.code, /^ERR_FIBER_INVALID_ARG/);
    t.regex(error.message, message);
  });
}

test('all that is wrong with several scenarios is told at once', async (t) => {
  const scenarios = { home: { vus: -1 }, bye: { rate: 'x' } };
  const error = await t.throwsAsync<FiberError>(
    async () => await spawn(() => run(functions, { scenarios })),
  );
  t.regex(error.message, /3 things are wrong/);
});

test('threads share several scenarios, and the command line chooses among them', async (t) => {
  const folder = join(ROOT, 'dist-test', 'load', 'scenarios');
  mkdirSync(folder, { recursive: true });
  const [file, json] = [join(folder, 'several.ts'), join(folder, 'several.json')];
  writeFileSync(
    file,
    `import { sleep, type LoadOptions } from 'greenfiber-load';
    export const options: LoadOptions = {
      scenarios: {
        look: { vus: 3, iterationsPerVu: 5, thresholds: { iterations: 'count==15' } },
        buy: { rate: '10/s', duration: '1s', startTime: '200ms', thresholds: { iterations: 'count==10' } },
      },
    };
    export const look = () => sleep(10);
    export const buy = () => sleep(10);`,
  );
  const greenfiber = (...args: string[]) =>
    runChild(join(ROOT, 'dist', 'cli.js'), { args: ['load', file, '--json', json, ...args] });
  for (const workers of ['1', '2']) {
    const { code, stdout, stderr } = await greenfiber('-w', workers);
    t.is(code, 0, stderr);
    t.regex(stdout, /several\.ts: mixed model/);
    t.regex(stdout, /\n {2}scenario buy\n {4}iterations\.*: 10 /);
    t.regex(stdout, /✓ iterations\{scenario:look\} count==15/);
  }
  const one = await greenfiber('--scenario', 'buy');
  t.is(one.code, 0, one.stderr);
  t.regex(one.stdout, /several\.ts: open model/);
  t.notRegex(one.stdout, /scenario look/);
  const none = await greenfiber('--scenario', 'by');
  t.is(none.code, 2);
  t.regex(none.stderr, /--scenario must be one that there is \(did you mean buy\?\)/);
});

test('the example of several scenarios runs, and its thresholds hold', async (t) => {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(request.method === 'POST' ? 201 : 200).end('{}');
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const target = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  // Without its duration; the thresholds of time are for an idle machine.
  const { code, stdout, stderr } = await runChild(join(ROOT, 'dist', 'cli.js'), {
    args: [
      'load',
      'examples/load/several.ts',
      '--target',
      target,
      '-d',
      '2s',
      '--ramp',
      '1s',
      '--scenario',
      'look',
      '--scenario',
      'buy',
    ],
  });
  t.true(code === 0 || code === 99, stderr);
  t.regex(stdout, /\n {2}scenario buy\n {4}iterations\.+: \d+/);
  t.regex(stdout, /✓ checks\{scenario:buy\} rate>0\.99: is 100%/);
});
