import { join } from 'node:path';

import test from 'ava';

import { runChild } from '../helpers/child';

const DIST = join(__dirname, '../../dist');
const ENTRY_POINTS = [
  'greenfiber',
  ...[
    'events',
    'fibers',
    'fibers/future',
    'fibers/register',
    'fs',
    'future',
    'http',
    'inspect',
    'io',
    'lowlevel',
    'offload',
    'process',
    'testing',
  ].map((name) => `greenfiber/${name}`),
];

/** What a program sees that loads nothing but `entry`. */
async function loadAlone(entry: string, faults: string): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await runChild(
    `
    let failure;
    try {
      require('${entry}');
    } catch (error) {
      failure = error.code;
    }
    const { Fiber, runtime } = require(${JSON.stringify(join(DIST, 'fiber/fiber.js'))});
    let answer;
    try {
      answer = new Fiber(() => 1).resume();
    } catch (error) {
      answer = error.code;
    }
    console.log(JSON.stringify({ engine: runtime.engine, reason: runtime.reason, failure, answer }));
    `,
    { env: { GREENFIBER_ENGINE: '', GREENFIBER_FAULT: faults } },
  );
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Record<string, unknown>;
}

for (const entry of ENTRY_POINTS) {
  test(`${entry} alone does not offer an engine that fails its self-test`, async (t) => {
    const { engine, reason, answer } = await loadAlone(entry, 'self-test');
    t.deepEqual([engine, answer], ['locker', 1]);
    t.regex(String(reason), /self-test of the direct engine failed/);
  });

  test(`${entry} alone says so where no engine is left`, async (t) => {
    const { engine, answer, failure } = await loadAlone(entry, 'self-test,locker');
    t.deepEqual([engine, answer], ['none', 'ERR_FIBER_UNSUPPORTED']);
    const isUseless = /\/(fibers|future)\b/.test(entry);
    t.is(failure, isUseless ? 'ERR_FIBER_UNSUPPORTED' : undefined);
  });
}

test('what a program does not use is not loaded', async (t) => {
  const { stdout } = await runChild(`
    const greenfiber = require('greenfiber');
    const loaded = () => Object.keys(require.cache).filter((file) => file.startsWith(${JSON.stringify(DIST)}));
    const first = loaded();
    const names = Object.keys(greenfiber).filter((name) => greenfiber[name] !== undefined);
    console.log(JSON.stringify({ first, names, all: loaded() }));
  `);
  const { first, names, all } = JSON.parse(stdout) as Record<string, string[]>;
  const parts = (files: string[] | undefined): Set<string> =>
    new Set(files?.map((file) => file.slice(DIST.length + 1).split('/')[0]!));
  // Who asks for a report loads the rest.
  const inspects = (files: string[] | undefined) =>
    files?.some((file) => /\/inspect\/(?!(reports|stats)\.js)/.test(file));
  t.false(inspects(first));
  t.false(parts(first).has('sync'));
  t.false(first!.some((file) => file.endsWith('scheduler/scheduler.js')));
  t.true(names!.length > 35);
  t.true(parts(all).has('sync'));
  t.false(inspects(all));
});
