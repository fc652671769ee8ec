// The grammar of thresholds, and what is refused before a run.
import test from 'ava';
import { now, sleep, spawn, type FiberError } from 'greenfiber';
import {
  check,
  Counter,
  Gauge,
  http,
  judge,
  registryOf,
  run,
  type LoadOptions,
  type Results,
  type ThresholdOptions,
} from 'greenfiber-load';
import { simulate } from 'greenfiber/testing';

const one = { target: 'http://x.test', handler: () => ({}), vus: 1, iterations: 1 };

const named = async (name: string, thresholds: LoadOptions['thresholds']): Promise<Results> =>
  await spawn(() =>
    run(
      { default: () => void http.get('/', { name, tags: { step: '1' } }) },
      { ...one, thresholds: thresholds! },
    ),
  );

const metrics: [name: string, metric: string][] = [
  ['/users/{id}', 'http_reqs{name:/users/{id}}'],
  ['/a/${}/b', 'http_reqs{name:/a/${}/b}'],
  ['http://x.test/a?b=1', 'http_reqs{name:http://x.test/a?b=1}'],
  ['a:b:c', 'http_reqs{name:a:b:c}'],
  ['GET a,b', 'http_reqs{name:GET a,b}'],
  ['x,y,z', 'http_reqs{name:x,y,z,step:1}'],
  ['login page', 'http_reqs{ name: login page , step: 1 }'],
  ['a,step:1', 'http_reqs{name:"a,step:1",step:1}'],
  ['say "hi" \\ {x}', 'http_reqs{name:"say \\"hi\\" \\\\ {x}"}'],
];

for (const [name, metric] of metrics) {
  test(`a threshold finds ${name} as ${metric}`, async (t) => {
    const results = await named(name, { [metric]: 'count==1' });
    const [judged] = judge(results.thresholds, registryOf(results), results.seconds);
    t.like(judged, { value: 1, passed: true });
  });
}

new Counter('sold');
new Gauge('stock');

const refused: [metric: string, expression: string][] = [
  ['http_req_duration{name=login}', 'p(95)<1'],
  ['http_req_duration{login}', 'p(95)<1'],
  ['http_req_duration{}', 'p(95)<1'],
  ['http_req_duration{name:login', 'p(95)<1'],
  ['http_req_duration}', 'p(95)<1'],
  ['http_req_duration{name:a,name:b}', 'p(95)<1'],
  ['http_req_duration{name:"a"b}', 'p(95)<1'],
  ['{name:a}', 'p(95)<1'],
  ['http_req_durations', 'p(95)<1'],
  ['http_req_duration', 'p(101)<1'],
  ['http_req_duration', 'p(-1)<1'],
  ['http_req_duration', 'rate<1'],
  ['http_req_duration', 'p(95)<'],
  ['http_req_duration', 'p(95)<1 or so'],
  ['http_reqs', 'p(95)<1'],
  ['stock', 'count<1'],
  ['sold', 'max<1'],
];

for (const [metric, expression] of refused) {
  test(`refused before the run: ${metric} ${expression}`, async (t) => {
    let requests = 0;
    const handler = () => (requests++, {});
    const error = await t.throwsAsync<FiberError>(async () => {
      await spawn(() =>
        run(
          { default: () => void http.get('/') },
          { ...one, handler, thresholds: { [metric]: expression } },
        ),
      );
    });
    t.is(error.code, 'ERR_FIBER_INVALID_ARG_VALUE');
    t.is(requests, 0);
  });
}

test('a comma that is part of no value that came was to begin another tag', async (t) => {
  let results: Results | undefined;
  const error = await t.throwsAsync<FiberError>(async () => {
    await spawn(() =>
      run(
        { default: () => void http.get('/', { name: 'login' }) },
        {
          ...one,
          thresholds: { 'http_reqs{name:login,oops}': 'count==1' },
          onResults: (all) => (results = all),
        },
      ),
    );
  });
  t.is(error.code, 'ERR_FIBER_INVALID_ARG_VALUE');
  t.regex(error.message, /quotes around a value/);
  t.is(results?.metrics.find(({ name }) => name === 'http_reqs')?.series.length, 1);
});

test('what is counted, and never came, came 0 times', async (t) => {
  const results = await named('x', { errors: 'count<1', sold: 'rate<1', checks: 'rate>0.5' });
  const judged = judge(results.thresholds, registryOf(results), results.seconds);
  t.deepEqual(
    judged.map(({ passed }) => passed),
    [true, true, false],
  );
});

test('a threshold that is to end the run ends it, and is crossed, whatever comes then', async (t) => {
  const ended = async (options: ThresholdOptions): Promise<Results> => {
    let results: Results | undefined;
    await simulate(
      () => {
        const iteration = () => {
          sleep(100);
          check(now(), { late: (at) => at > 5000 });
        };
        const thresholds = { checks: options };
        results = run({ default: iteration }, { vus: 2, duration: '1m', thresholds });
      },
      { schedules: 1 },
    );
    return results!;
  };
  const rate = { threshold: 'rate>0.5' };
  const { seconds, endedBy } = await ended({ ...rate, abortOnFail: true, delayAbortEval: '3s' });
  t.is(endedBy, 'checks rate>0.5');
  t.true(seconds >= 3 && seconds < 4, String(seconds));
  for (const options of [rate, { ...rate, abortOnFail: true, delayAbortEval: '30s' }]) {
    const whole = await ended(options);
    t.is(whole.endedBy, undefined);
    t.is(Math.round(whole.seconds), 60);
  }
  await t.throwsAsync(ended({ ...rate, abortOnFial: true } as never), { message: /abortOnFail/ });
});
