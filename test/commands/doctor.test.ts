// What a bug report begins with.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import test from 'ava';

import { runChild, type ChildOptions } from '../helpers/child';
import { ROOT } from '../helpers/root';

interface Probe {
  works: boolean;
  engine: string;
  reason: string;
  steps: { part: string; name: string; missed: string }[];
}
interface Report {
  node: { version: string };
  platform: { os: string; arch: string; pageSize: number };
  chosen: Probe & { stats: { stacks: { guard: string } } };
  direct: Probe;
  locker: Probe;
  flags: { node: string[]; environment: Record<string, string> };
  limits: { addressSpace: number | string; overcommit: number };
  allocator: { name: string };
  advice: string[];
}

const anyEngine = { GREENFIBER_ENGINE: '' };

async function examine(options: ChildOptions = {}): Promise<Report & { code: number | null }> {
  const { env, ...others } = options;
  const { code, stdout } = await runChild('dist/cli.js', {
    ...others,
    env: { ...anyEngine, ...env },
    args: ['doctor', '--json'],
  });
  return { ...(JSON.parse(stdout) as Report), code };
}

test('it says what it found, for people', async (t) => {
  const { code, stdout, stderr } = await runChild('dist/cli.js', {
    args: ['doctor'],
    env: anyEngine,
  });
  t.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  t.regex(stdout, /^engine +direct$/m);
  t.regex(stdout, /^ +direct +works$/m);
  t.regex(stdout, /^ +locker +works$/m);
  t.true(stdout.includes(process.versions.node));
  t.regex(stdout, /^pages +\d+ KiB$/m);
  t.regex(stdout, /^calibration of the direct engine$/m);
  t.regex(stdout, /^ {2}direct: handle scopes +ok$/m);
  t.regex(stdout, /^ {2}locker: the thread's number in V8 +ok$/m);
  t.regex(stdout, /\n\nAll is well\.\n$/);
});

test('it says what it found, for programs', async (t) => {
  const report = await examine({ env: { GREENFIBER_SLOW_MS: '9' } });
  t.is(report.code, 0);
  t.is(report.node.version, process.versions.node);
  t.like(report.chosen, { works: true, engine: 'direct', reason: '' });
  t.like(report.locker, { works: true, engine: 'locker' });
  t.not(report.chosen.stats.stacks.guard, 'none');
  t.is(report.flags.environment['GREENFIBER_SLOW_MS'], '9');
  t.true(report.flags.node.includes('--expose-gc'));
  t.true([0, 1, 2].includes(report.limits.overcommit));
  t.like(report.platform, { os: process.platform, arch: process.arch });
  t.is(report.platform.pageSize, Number(execFileSync('getconf', ['PAGESIZE'])));
});

test('it says what was looked for, step by step', async (t) => {
  const { direct, locker } = await examine();
  const parts = (probe: Probe): string[] => [...new Set(probe.steps.map(({ part }) => part))];
  t.deepEqual(parts(direct), ['process', 'node', 'direct']);
  t.deepEqual(parts(locker), ['process', 'node', 'locker']);
  for (const { steps } of [direct, locker]) {
    t.true(steps.every(({ missed }) => missed === ''));
    t.is(steps.at(-1)?.name, 'the self-test');
    t.true(steps.some(({ name }) => name === 'arrays being joined'));
  }
});

test('it says which step of calibration misses what, and what was found before', async (t) => {
  const { code, direct, locker } = await examine({
    flags: [`--require=${join(ROOT, 'dist-test/commands/no-join.cjs')}`],
  });
  t.is(code, 1);
  for (const [engine, { steps, reason }] of Object.entries({ direct, locker })) {
    t.like(steps.at(-1), {
      part: engine === 'direct' ? 'locker' : engine,
      name: 'arrays being joined',
    });
    const missing = steps.filter(({ missed }) => missed !== '');
    t.deepEqual(new Set(missing.map(({ name }) => name)), new Set(['arrays being joined']));
    t.is(reason, `missing: ${missing.at(-1)!.missed}`);
    t.true(steps.some(({ name, missed }) => name === 'stack limits' && missed === ''));
  }
});

test('it says why the direct engine does not run', async (t) => {
  const { code, chosen, direct, advice } = await examine({
    env: { GREENFIBER_FAULT: 'self-test' },
  });
  t.is(code, 0);
  t.like(chosen, { works: true, engine: 'locker' });
  t.like(direct, { works: false });
  t.regex(direct.reason, /self-test of the direct engine failed: the fault was asked for/);
  t.deepEqual(direct.steps.at(-1), {
    part: 'direct',
    name: 'the self-test',
    missed: 'the fault was asked for',
  });
  t.true(advice.some((line) => /only the slower locker engine: .*self-test/.test(line)));
});

test('it fails where fibers do not run, and says why', async (t) => {
  const { code, chosen, advice } = await examine({
    env: { GREENFIBER_BINDING: '/no/such/addon.node' },
  });
  t.is(code, 1);
  t.like(chosen, { works: false, engine: 'none' });
  t.regex(advice[0]!, /^Fibers do not run here: no binary fits.* Needed: Node 20/);
});

test('it survives an addon that ends its process', async (t) => {
  const crash = join(ROOT, 'dist-test/commands/crash.cjs');
  const { code, chosen } = await examine({ flags: [`--require=${crash}`] });
  t.is(code, 1);
  t.regex(chosen.reason, /signal SIGABRT/);
});

test('it tells of a limited address space', async (t) => {
  const limited =
    "process.exitCode = require('child_process').spawnSync('sh', ['-c', 'ulimit -v 8000000; exec \"$0\" dist/cli.js doctor', process.execPath], { stdio: 'inherit' }).status";
  const { stdout } = await runChild(limited, { env: anyEngine });
  t.regex(stdout, /^address space +7,813 MiB$/m);
  t.regex(stdout, /address space is limited \(ulimit -v\)/);
});

const jemalloc = '/usr/lib/x86_64-linux-gnu/libjemalloc.so.2';
(existsSync(jemalloc) ? test : test.skip)('it names an allocator that is preloaded', async (t) => {
  const { allocator } = await examine({ env: { LD_PRELOAD: jemalloc } });
  t.like(allocator, { name: 'jemalloc', preloaded: jemalloc });
});

test('an option that there is not is refused', async (t) => {
  const { code, stderr } = await runChild('dist/cli.js', { args: ['doctor', '--xml'] });
  t.deepEqual(
    { code, stderr },
    { code: 2, stderr: 'greenfiber doctor: no option --xml; there is --json\n' },
  );
});
