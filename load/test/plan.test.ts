// What is asked for: durations, rates, stages, arrivals, thresholds, and what is refused.
import test from 'ava';
import { spawn, type FiberError } from 'greenfiber';
import { run, type LoadOptions, type Scenario } from 'greenfiber-load';
import { simulate } from 'greenfiber/testing';

const idle: Scenario = { default: () => undefined };

/** Begins of iterations in virtual time, in milliseconds. */
async function begins(
  options: LoadOptions,
  iteration: () => void = () => undefined,
): Promise<number[]> {
  const times: number[] = [];
  const { now } = require('greenfiber') as typeof import('greenfiber');
  await simulate(
    () => {
      const start = now();
      const scenario = {
        default: () => {
          times.push(now() - start);
          iteration();
        },
      };
      run(scenario, options);
    },
    { seed: 2, schedules: 1 },
  );
  return times;
}

test('a rate begins iterations at times that are fixed in advance', async (t) => {
  t.deepEqual(
    await begins({ rate: '10/s', duration: '1s' }),
    [0, 100, 200, 300, 400, 500, 600, 700, 800, 900],
  );
  t.deepEqual(await begins({ rate: '120/m', duration: 1000 }), [0, 500]);
});

test('a ramp begins iterations closer and closer together', async (t) => {
  const times = await begins({ rate: 10, duration: '4s', ramp: '2s' });
  // Ten in the two seconds of the ramp, twenty in the two after it.
  t.is(times.length, 30);
  const expected = Array.from({ length: 10 }, (_, k) => 1000 * Math.sqrt((2 * k) / 5));
  for (const [k, at] of expected.entries())
    t.true(Math.abs(times[k]! - at) < 1, `${k}: ${times[k]}`);
  t.true(Math.abs(times[10]! - 2000) < 1);
  t.true(Math.abs(times[29]! - 3900) < 1);
});

test('stages of a rate go up and down', async (t) => {
  const times = await begins({ rate: 0, stages: '1s:20,1s:20,1s:0' });
  t.is(times.length, 40);
  t.is(times.filter((at) => at < 1000).length, 10);
  t.is(times.filter((at) => at >= 2000).length, 10);
});

test('a number of iterations is shared by all users, and ends the run', async (t) => {
  t.is((await begins({ vus: 4, iterations: 10, duration: '1h' })).length, 10);
  t.is((await begins({ rate: 100, iterations: 7, duration: '1h' })).length, 7);
});

test('a highest rate holds closed users back', async (t) => {
  const { sleep } = require('greenfiber') as typeof import('greenfiber');
  const times = await begins({ vus: 5, duration: '2s', maxRate: '10/s' }, () => sleep(1));
  t.true(times.length <= 21, String(times.length));
  t.true(times.length >= 19, String(times.length));
});

test('users come and go with their stages', async (t) => {
  const { sleep } = require('greenfiber') as typeof import('greenfiber');
  await simulate(
    () => {
      const results = run(
        { default: () => sleep(10) },
        { stages: '2s:20,2s:20,2s:0', gracefulStop: '1s' },
      );
      const users = results.points.map(({ vus }) => vus);
      t.true(Math.abs(users[0]! - 10) <= 2, users.join());
      t.is(users[2], 20);
      t.true(Math.abs(users[4]! - 10) <= 2, users.join());
      t.is(users.at(-1), 0);
    },
    { schedules: 1 },
  );
});

const refused: [title: string, options: unknown, code: string, message: RegExp][] = [
  ['options that are no object', 7, 'ERR_FIBER_INVALID_ARG_TYPE', /options must be an object/],
  [
    'a duration without a unit',
    { duration: '30' },
    'ERR_FIBER_INVALID_ARG_VALUE',
    /options\.duration/,
  ],
  ['a negative duration', { duration: -1 }, 'ERR_FIBER_INVALID_ARG_VALUE', /options\.duration/],
  [
    'a duration that is no text',
    { duration: {} },
    'ERR_FIBER_INVALID_ARG_TYPE',
    /options\.duration/,
  ],
  ['a rate of another form', { rate: 'fast' }, 'ERR_FIBER_INVALID_ARG_VALUE', /options\.rate/],
  ['users beside a rate', { rate: 1, vus: 1 }, 'ERR_FIBER_INVALID_ARG_VALUE', /maxVus/],
  ['more users than may be', { vus: 11, maxVus: 10 }, 'ERR_FIBER_INVALID_ARG_VALUE', /at most 10/],
  [
    'stages with more users than may be',
    { stages: '1s:11', maxVus: 10 },
    'ERR_FIBER_INVALID_ARG_VALUE',
    /at most 10/,
  ],
  [
    'a rate above the highest',
    { rate: 11, maxRate: 10 },
    'ERR_FIBER_INVALID_ARG_VALUE',
    /at most 10/,
  ],
  ['half a user', { vus: 0.5 }, 'ERR_FIBER_INVALID_ARG_VALUE', /options\.vus/],
  [
    'stages beside a duration',
    { stages: '1s:1', duration: '1s' },
    'ERR_FIBER_INVALID_ARG_VALUE',
    /options\.duration/,
  ],
  ['no stages at all', { stages: [] }, 'ERR_FIBER_INVALID_ARG_VALUE', /options\.stages/],
  [
    'a ramp beyond the end',
    { duration: '1s', ramp: '2s' },
    'ERR_FIBER_INVALID_ARG_VALUE',
    /options\.ramp/,
  ],
  [
    'a target that is not in full',
    { target: 'localhost:80' },
    'ERR_FIBER_INVALID_ARG_VALUE',
    /options\.target/,
  ],
  [
    'a threshold without a bound',
    { thresholds: { checks: 'rate' } },
    'ERR_FIBER_INVALID_ARG_VALUE',
    /thresholds/,
  ],
  [
    'a threshold that is no text',
    { thresholds: { checks: [7] } },
    'ERR_FIBER_INVALID_ARG_TYPE',
    /thresholds/,
  ],
];

for (const [title, options, code, message] of refused) {
  test(`refused: ${title}`, async (t) => {
    const error = await t.throwsAsync<FiberError>(async () => {
      await spawn(() => run(idle, options as LoadOptions));
    });
    t.true(error.code === code, error.code);
    t.regex(error.message, message);
  });
}

test('all that is wrong is told at once, with what was meant', async (t) => {
  const options = { vsu: 3, duraton: '1s', rate: 'fast', thresholds: { checks: 'rate' }, tags: 7 };
  const error = await t.throwsAsync<FiberError>(async () => {
    await spawn(() => run({ default: idle.default, options: options as never }));
  });
  t.regex(error.message, /^5 things are wrong:/);
  for (const part of ['did you mean vus', 'did you mean duration', 'rate', 'thresholds', 'tags']) {
    t.true(error.message.includes(part), part);
  }
  t.is((error.cause as AggregateError).errors.length, 5);
});

test('a number of iterations has ten minutes, where no duration is said', async (t) => {
  const { sleep } = require('greenfiber') as typeof import('greenfiber');
  t.is((await begins({ vus: 1, iterations: 30 }, () => sleep(1000))).length, 30);
  t.is((await begins({ vus: 1, duration: '5s', iterations: 30 }, () => sleep(1000))).length, 5);
});

test('refused: what is no scenario', async (t) => {
  for (const scenario of [
    undefined,
    {},
    { default: 7 },
    { default: () => 1, setup: 7 },
    {
      default: function* () {
        yield 1;
      },
    },
  ]) {
    const error = await t.throwsAsync<FiberError>(async () => {
      await spawn(() => run(scenario as never));
    });
    t.is(error.code, 'ERR_LOAD_SCENARIO');
  }
});
