// On many machines: shards that begin together, tried with several processes, and what runs them on Kubernetes.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import test from 'ava';
import { registryOf, type Results } from 'greenfiber-load';
import type { Job as JobType } from 'kubernetes-models/batch/v1/Job';
import type { Service as ServiceType } from 'kubernetes-models/v1/Service';
import type * as Yaml from 'yaml';

import { runChild } from '../../test/helpers/child';
import { ROOT } from '../../test/helpers/root';

const fromLoad = createRequire(join(ROOT, 'load/package.json'));
const { parseAllDocuments } = fromLoad('yaml') as typeof Yaml;
const { Job } = fromLoad('kubernetes-models/batch/v1/Job') as { Job: typeof JobType };
const { Service } = fromLoad('kubernetes-models/v1/Service') as { Service: typeof ServiceType };

const folder = mkdtempSync(join(tmpdir(), 'greenfiber-k8s-'));
const file = (name: string): string => join(folder, name);
const greenfiber = (...args: string[]) =>
  runChild(join(ROOT, 'dist', 'cli.js'), { args: ['load', ...args] });

/** Beside others that wait for it: those of `runChild` take turns. */
const beside = (...args: string[]): Promise<{ code: number | null; stderr: string }> =>
  new Promise((resolve) => {
    const command = [join(ROOT, 'dist', 'cli.js'), 'load', ...args];
    const child = execFile(process.execPath, command, { timeout: 120_000 }, (_error, _, stderr) => {
      resolve({ code: child.exitCode, stderr });
    });
  });

const source = (more = ''): string =>
  `const { sleep } = require(${JSON.stringify(join(ROOT, 'load/dist'))});
  exports.default = () => sleep(20);
  ${more}`;
writeFileSync(file('visit.cjs'), source());

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('shards begin together, whoever comes first, and their results are those of the whole', async (t) => {
  const at = `127.0.0.1:${await freePort()}`;
  const shard = async (number: number, delay: number) => {
    await pause(delay);
    const json = file(`${number}.json`);
    const workers = number === 3 ? '2' : '1';
    const args = [
      '-u',
      '6',
      '-d',
      '1s',
      '-q',
      '--json',
      json,
      '--shard',
      `${number}/3`,
      '-w',
      workers,
    ];
    const { code, stderr } = await beside(file('visit.cjs'), ...args, '--rendezvous', at);
    t.is(code, 0, stderr);
    return JSON.parse(readFileSync(json, 'utf8')) as Results;
  };
  const all = await Promise.all([shard(1, 1500), shard(2, 0), shard(3, 4000)]);
  const times = all.map(({ started }) => Date.parse(started));
  t.true(Math.max(...times) - Math.min(...times) < 2000, times.join());
  const merged = await greenfiber(
    'merge',
    ...[1, 2, 3].map((number) => file(`${number}.json`)),
    '-q',
    '--json',
    file('merged.json'),
  );
  t.is(merged.code, 0, merged.stderr);
  const results = JSON.parse(readFileSync(file('merged.json'), 'utf8')) as Results;
  t.deepEqual(results.shards, ['1/3', '2/3', '3/3']);
  const iterations = registryOf(results).metrics.get('iterations')!.total() as { sum: number };
  t.is(
    iterations.sum,
    all.flatMap(({ points }) => points).reduce((sum, point) => sum + point.iterations, 0),
  );
});

test('shards that do not come, come twice or have another plan are told', async (t) => {
  const shard = (at: string, number: number, users: number, patience = '60s') =>
    beside(
      file('visit.cjs'),
      ...['-u', `${users}`, '-d', '1s', '-q', '--shard', `${number}/3`],
      ...['--rendezvous', at, '--rendezvous-timeout', patience],
    );
  const at = `127.0.0.1:${await freePort()}`;
  const [first, other] = await Promise.all([shard(at, 1, 6), shard(at, 2, 7)]);
  for (const { code, stderr } of [first, other]) {
    t.is(code, 2);
    t.regex(stderr, /^greenfiber: The shards did not meet: shard 2 of 3 has another plan\n$/);
  }
  const again = `127.0.0.1:${await freePort()}`;
  const twice = await Promise.all([shard(again, 1, 6), shard(again, 2, 6), shard(again, 2, 6)]);
  for (const { stderr } of twice) t.regex(stderr, /shard 2 came twice/);
  const late = `127.0.0.1:${await freePort()}`;
  t.regex((await shard(late, 1, 6, '300ms')).stderr, /of 3 shards, 2, 3 did not come/);
  t.regex(
    (await shard(late, 2, 6, '300ms')).stderr,
    /the first one at 127\.0\.0\.1:\d+: .*ECONNREFUSED/,
  );
});

test('a manifest of an indexed Job that Kubernetes takes, and an image', async (t) => {
  const args = [
    '--vus',
    '30000',
    '--duration',
    '5m',
    '--tag',
    `it's="x: #y\\n"`,
    '--target',
    'http://shop.test/',
  ];
  const { code, stdout, stderr } = await greenfiber(
    ...[
      'k8s',
      file('visit.cjs'),
      '--image',
      'registry.test/team/load:1',
      '--shards',
      '4',
      '--name',
      'shop',
    ],
    ...['--namespace', 'tests', '--', ...args],
  );
  t.is(code, 0, stderr);
  t.is(stdout, `${file('Dockerfile')}\n${file('job.yaml')}\n`);
  const text = readFileSync(file('job.yaml'), 'utf8');
  const documents = parseAllDocuments(text);
  t.deepEqual(
    documents.flatMap(({ errors }) => errors),
    [],
  );
  const [service, job] = documents.map((each) => each.toJS() as object);
  const checkedService = new Service(service);
  const checkedJob = new Job(job);
  t.notThrows(() => checkedService.validate());
  t.notThrows(() => checkedJob.validate());
  t.throws(() => new Job({ ...job, spec: { completions: 'four' } as never }).validate());
  const spec = checkedJob.spec!;
  t.like(spec, { completionMode: 'Indexed', completions: 4, parallelism: 4, backoffLimit: 0 });
  t.true(spec.activeDeadlineSeconds! > 330);
  const pod = spec.template.spec!;
  const [container] = pod.containers;
  // The pods are found by the name that the shards ask for.
  const selected = Object.entries(checkedService.spec!.selector!);
  for (const [name, value] of selected) t.is(spec.template.metadata!.labels![name], value);
  t.is(pod.subdomain, checkedService.metadata!.name);
  const expected = [
    'greenfiber-load',
    'visit.cjs',
    ...args,
    '--rendezvous',
    'shop-0.shop:7000',
    '--json',
    '-',
  ];
  t.deepEqual(container!.args, expected);
  t.is(container!.image, 'registry.test/team/load:1');
  const image = readFileSync(file('Dockerfile'), 'utf8');
  t.regex(image, /^FROM node:24-slim$/m);
  t.regex(image, /npm install greenfiber@\d[^ ]* greenfiber-load@\d/);
  t.true(existsSync(file('.dockerignore')));
  const again = await greenfiber('k8s', file('visit.cjs'), '--image', 'x');
  t.is(again.code, 1);
  t.regex(again.stderr, /Dockerfile is there already: see --force/);
});

test("the pods' command runs a shard, and its last line is what merge reads", async (t) => {
  const inside = join(folder, 'one');
  mkdirSync(inside);
  writeFileSync(join(inside, 'visit.cjs'), source());
  const written = await greenfiber(
    'k8s',
    join(inside, 'visit.cjs'),
    '--image',
    'x',
    '--shards',
    '1',
    '--',
    '-u',
    '2',
    '-d',
    '1s',
  );
  t.is(written.code, 0, written.stderr);
  const [, document] = parseAllDocuments(readFileSync(join(inside, 'job.yaml'), 'utf8'));
  const { command, args } = new Job(document!.toJS() as never).spec!.template.spec!.containers[0]!;
  // `npx --no-install` finds the command where the image has installed it; here, a script stands for that.
  const bin = join(inside, 'npx');
  writeFileSync(
    bin,
    `#!/bin/sh\nshift 2\nexec "${process.execPath}" "${join(ROOT, 'load/dist/cli.js')}" "$@"\n`,
    { mode: 0o755 },
  );
  const script = `
    const { spawnSync } = require('node:child_process');
    const [command, ...args] = ${JSON.stringify([...command!, ...args!])};
    const env = { ...process.env, PATH: ${JSON.stringify(inside)} + ':' + process.env.PATH, JOB_COMPLETION_INDEX: '0' };
    const { status, stdout, stderr } = spawnSync(command, args, { cwd: ${JSON.stringify(inside)}, env });
    process.stdout.write(stdout);
    process.stderr.write(stderr);
    process.exitCode = status;
  `;
  const { code, stdout, stderr } = await runChild(script);
  t.is(code, 0, stderr);
  const results = JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as Results;
  t.deepEqual(results.shards, ['1/1']);
});

test('a plan that no shard could run is refused, and so is what would be lost in a pod', async (t) => {
  writeFileSync(file('wrong.cjs'), source(`exports.options = { vuss: 3 };`));
  const wrong: [args: string[], code: number, message: RegExp][] = [
    [[file('wrong.cjs'), '--image', 'x'], 2, /options\.vuss must be left out/],
    [[file('none.cjs'), '--image', 'x'], 107, /none\.cjs is neither a URL/],
    [[file('visit.cjs')], 2, /required option '--image <name>' not specified/],
    [
      [file('visit.cjs'), '--image', 'x', '--', '--html', 'a.html'],
      2,
      /--html must be left out: see load merge/,
    ],
    [[file('visit.cjs'), '--image', 'x', '--', '--vus', 'many'], 2, /--vus must be a whole number/],
    [[file('visit.cjs'), '--image', 'x', '--', '--no-such'], 2, /unknown option '--no-such'/],
    [
      [file('visit.cjs'), '--image', 'x', '--shards', '0', '--name', 'No', '--memory', 'much'],
      2,
      /3 things are wrong/,
    ],
    [
      [file('visit.cjs'), '--image', 'x', '--out', join(folder, 'one')],
      2,
      /--out must be a folder that the scenario lies in/,
    ],
  ];
  for (const [args, code, message] of wrong) {
    const ended = await greenfiber('k8s', ...args);
    t.is(ended.code, code, args.join(' '));
    t.regex(ended.stderr, message);
  }
});
