// The view of a run that goes on: what it shows, and that it fits a terminal of 80 columns.
import { join } from 'node:path';

import test from 'ava';
import { Histogram, type Point } from 'greenfiber-load';

import { ROOT } from '../../test/helpers/root';

const { linesOf } = require(join(ROOT, 'load/dist/live')) as typeof import('../dist/live');
const { checkPlan } = require(join(ROOT, 'load/dist/plan')) as typeof import('../dist/plan');

const histogram = (...values: number[]): Histogram => {
  const all = new Histogram();
  for (const value of values) all.record(value);
  return all;
};

const point = (more: Partial<Point>): Point => ({
  ...{ at: 2, vus: 3, iterations: 40, requests: 40, failed: 2, errors: 2, bytes: 0, late: 0 },
  latency: histogram(5, 7, 9).encode(),
  ...more,
});

const plan = (duration: string) => checkPlan({ duration }, { default: () => undefined });

test('rate, errors, percentiles, users and the time that is left', (t) => {
  const soFar = { done: 90, failed: 9, errors: 9, latency: histogram(5, 50) };
  const lines = linesOf('shop.ts', plan('65s'), point({}), point({ at: 1 }), soFar);
  t.is(lines[0], 'shop.ts');
  t.regex(lines[1]!, /^█+░+ 3% {2}0:02 gone, 1:03 left {2}3 users$/);
  t.regex(lines[2]!, /^now +40\/s +5% failed {2}2 errors$/);
  t.regex(lines[3]!, /^ +p50 7 ms +p90 9[.\d]* ms +p99 9[.\d]* ms +p99\.9 9[.\d]* ms$/);
  t.regex(lines[4]!, /^so far +90 requests +10% failed {2}9 errors$/);
  t.regex(lines[5]!, /^ +p50 5 ms +p90 50[.\d]* ms/);
});

test('no line is longer than 79 characters, whatever there is to say', (t) => {
  const much = 987_654_321_098;
  const latency = histogram(123_456, 65_432_100);
  const soFar = { done: much, failed: much / 3, errors: much, latency };
  const last = point({
    ...{ at: 350_000, vus: 1_000_000, requests: much, failed: much / 3, errors: much, late: much },
    latency: latency.encode(),
  });
  const name = 'https://shop.test/'.padEnd(300, 'x');
  for (const line of linesOf(name, plan('100h'), last, point({ at: 349_999 }), soFar)) {
    t.true(line.length <= 79, `${line.length}: ${line}`);
  }
});
