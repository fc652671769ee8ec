// However a run of the command ends, what was measured is told: by failing outputs, errors, signals, lost threads.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import test from 'ava';
import { checkResults, registryOf, type Results } from 'greenfiber-load';

import { ROOT } from '../../test/docs/snippets';
import { runChild } from '../../test/helpers/child';

const FOLDER = mkdtempSync(join(tmpdir(), 'greenfiber-endings-'));
test.after.always(() => {
  rmSync(FOLDER, { recursive: true });
});
const CLI = join(ROOT, 'dist', 'cli.js');
const file = (name: string): string => join(FOLDER, name);

/** Both modules are at hand in it. */
function scenario(name: string, source: string): string {
  const imports = ['dist', 'load/dist'].map((path) => JSON.stringify(join(ROOT, path)));
  const head = `const { shield } = require(${imports[0]!}), load = require(${imports[1]!}), { sleep, http } = load;`;
  writeFileSync(file(`${name}.cjs`), `${head}\n${source}`);
  return file(`${name}.cjs`);
}

const greenfiber = (...args: string[]) => runChild(CLI, { args: ['load', ...args] });
const read = (name: string): Results =>
  checkResults(JSON.parse(readFileSync(file(name), 'utf8')), name);
const sum = (results: Results, name: string) =>
  (registryOf(results).metrics.get(name)?.total() as { sum: number } | undefined)?.sum ?? 0;

const QUICK = 'exports.default = () => sleep(5);';

test('an output that cannot be opened is told before anything begins', async (t) => {
  const began = file('began');
  const source = `exports.setup = () => require('fs').writeFileSync(${JSON.stringify(began)}, ''); ${QUICK}`;
  const name = scenario('unopened', source);
  for (const option of ['--json', '--html', '--ndjson']) {
    const { code, stderr } = await greenfiber(name, '-d', '1s', option, file('no/such/folder/x'));
    t.is(code, 1, option);
    t.regex(stderr, new RegExp(`^greenfiber: ${option} cannot be written: ENOENT[^\\n]*\\n$`));
  }
  const both = await greenfiber(name, '-d', '1s', '--json', file('x'), '--html', file('x'));
  t.is(both.code, 2);
  t.regex(both.stderr, /--html must be another file than that of --json/);
  t.false(existsSync(began));
  t.false(existsSync(file('x')));
});

test('a full disk takes one output, and none of the others', async (t) => {
  const others = ['--ndjson', '/dev/full', '--html', file('full.html')];
  const { code, stdout, stderr } = await greenfiber(
    ...[scenario('full', QUICK), '-d', '1s', '--json', '/dev/full', ...others],
  );
  t.is(code, 1);
  t.regex(stdout, /iterations\./);
  t.regex(stderr, /--json failed: ENOSPC/);
  t.regex(stderr, /--ndjson failed: ENOSPC/);
  t.true(existsSync(file('full.html')));
});

test('names that Prometheus cannot tell apart are no matter', async (t) => {
  const source = `
    const metrics = ['cart.add', 'cart_add', 'cart-add'].map((name) => new load.Counter(name));
    exports.default = () => metrics.forEach((each) => each.add(1, { 'a.b': 1, a_b: 2, run: 3, quantile: 4, '1': 5 }));`;
  const name = scenario('names', source);
  const outputs = ['--prometheus', '0', '--json', file('names.json')];
  const { code, stderr } = await greenfiber(name, '-u', '1', '-n', '5', ...outputs);
  t.is(code, 0, stderr);
  t.is(sum(read('names.json'), 'cart_add'), 5);
});

test('a teardown that throws leaves the results, and no results are made up where setup throws', async (t) => {
  const json = file('teardown.json');
  const clean = `exports.teardown = () => { throw new Error('clean-up failed'); };`;
  const after = await greenfiber(scenario('teardown', QUICK + clean), '-d', '1s', '--json', json);
  t.is(after.code, 107);
  t.regex(after.stderr, /clean-up failed/);
  t.regex(after.stdout, /iterations\./);
  t.true(sum(read('teardown.json'), 'iterations') > 0);

  writeFileSync(json, 'of an earlier run');
  const fail = `exports.setup = async () => { throw new Error('no luck'); };`;
  const before = await greenfiber(scenario('setup', QUICK + fail), '-d', '1s', '--json', json);
  t.is(before.code, 107);
  t.is(before.stdout, '');
  t.is(readFileSync(json, 'utf8'), 'of an earlier run');
});

const stages: [stage: string, source: string, args: string[], isMeasured: boolean][] = [
  ['in setup', `exports.setup = () => (console.error('HERE'), sleep(60000)); ${QUICK}`, [], false],
  [
    'in an async setup',
    `exports.setup = () => (console.error('HERE'), new Promise((r) => setTimeout(r, 60000))); ${QUICK}`,
    [],
    false,
  ],
  [
    'in iterations and the teardown',
    `exports.default = () => (console.error('HERE'), sleep(60000)); exports.teardown = () => sleep(60000);`,
    [],
    true,
  ],
  [
    'in iterations that do not let themselves be cancelled',
    `exports.default = () => (console.error('HERE'), shield(() => sleep(60000)));`,
    [],
    true,
  ],
  [
    'in a teardown',
    `${QUICK} exports.teardown = () => (console.error('HERE'), sleep(60000));`,
    ['-n', '20'],
    true,
  ],
  [
    'in threads that never let go',
    `exports.default = () => { console.error('HERE'); for (const end = Date.now() + 20000; Date.now() < end; ); };`,
    ['--workers', '2'],
    false,
  ],
];

for (const [stage, source, args, isMeasured] of stages) {
  test.serial(`Ctrl-C ${stage} ends at once with what there is`, async (t) => {
    const name = scenario(stage.replaceAll(' ', '-'), source);
    const child = spawn(process.execPath, [CLI, 'load', name, '-u', '2', '-d', '1m', ...args]);
    t.teardown(() => void child.kill('SIGKILL'));
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (text) => (stdout += String(text)));
    child.stderr.on('data', (text) => (stderr += String(text)));
    while (!stderr.includes('HERE')) await once(child.stderr, 'data');
    const start = performance.now();
    child.kill('SIGINT');
    t.deepEqual(await once(child, 'close'), [105, null]);
    const took = performance.now() - start;
    t.true(took < 3000, `${took.toFixed(0)} ms`); // one second, on a machine that has nothing else to do
    if (isMeasured) t.regex(stdout, /ended early\n[^]*iterations/);
  });
}

test('what nobody can catch is counted, and the run goes on', async (t) => {
  const source = `exports.default = () => {
    setTimeout(() => { throw new Error('in a timer'); }, 1);
    void Promise.reject(new Error('rejected'));
    sleep(20);
  };`;
  for (const workers of ['1', '2']) {
    const { code } = await greenfiber(
      ...[scenario('stray', source), '-u', '2', '-n', '10', '-w', workers],
      ...['-q', '--json', file('stray.json')],
    );
    t.is(code, 0);
    const messages = read('stray.json').errors.map(({ message, count }) => [message, count]);
    t.deepEqual(messages.sort(), [
      ['in a timer', 10],
      ['rejected', 10],
    ]);
  }
});

test('what nobody can catch around the load is an error of setup or teardown', async (t) => {
  const stray = `() => { setTimeout(() => { throw new Error('stray'); }, 1); sleep(50); }`;
  for (const [when, isTold] of [
    ['setup', false],
    ['teardown', true],
  ] as const) {
    const name = scenario(`stray-${when}`, `exports.${when} = ${stray}; ${QUICK}`);
    const { code, stdout, stderr } = await greenfiber(name, '-n', '5');
    t.is(code, 107, when);
    t.regex(stderr, /Error: stray/);
    t.is(stdout.includes('iterations'), isTold);
  }
});

test('a thread that is lost takes its own results along, and no others', async (t) => {
  const source = `exports.default = () => { sleep(20); if (load.vu().id === 2) process.exit(7); };`;
  const { code, stdout, stderr } = await greenfiber(
    ...[scenario('lost', source), '-u', '2', '-d', '1s', '-w', '2'],
  );
  t.is(code, 107);
  t.regex(stderr, /A worker ended early, with code 7/);
  t.regex(stdout, /iterations\.*: \d/);
});

test('threads and shards do all iterations, however few users there are', async (t) => {
  const json = file('shared.json');
  for (const [args, expected] of [
    [['-u', '1', '-w', '2'], 7],
    [['-u', '3', '-w', '2'], 7],
    [['-u', '1', '--shard', '1/2'], 7],
    [['-u', '1', '--shard', '2/2', '-w', '2'], 0],
    [['-u', '2', '--shard', '2/2', '-w', '2'], 3],
  ] as const) {
    const { code, stderr } = await greenfiber(
      ...[scenario('shared', QUICK), '-n', '7', '-q', '--json', json, ...args],
    );
    t.is(code, 0, stderr);
    t.is(sum(read('shared.json'), 'iterations'), expected, args.join(' '));
  }
});

test('a target that is missing ends the run by the first iteration that needs it', async (t) => {
  const name = scenario('relative', `exports.default = () => http.get('/x');`);
  for (const workers of ['1', '2']) {
    const { code, stderr } = await greenfiber(name, '-d', '30s', '-q', '-w', workers);
    t.is(code, 2);
    t.regex(stderr, /^greenfiber: \/x is relative, and no target was named/);
  }
});

test('a threshold that does not hold ends a run that is told so, by what all threads have measured', async (t) => {
  const source =
    'exports.default = () => { sleep(20); load.check(load.vu().id, { odd: (id) => id % 2 }); };';
  const name = scenario('abort', source);
  for (const workers of ['1', '2']) {
    const args = ['-u', '4', '-d', '1m', '-w', workers, '--abort-on-fail'];
    const { code, stdout } = await greenfiber(name, ...args, '--threshold', 'checks:rate>0.9');
    t.is(code, 99);
    t.regex(stdout, /, ended by checks rate>0\.9\n/);
  }
});

test('what a scenario leaves open does not keep the command from ending', async (t) => {
  const source = `setInterval(() => undefined, 1000); ${QUICK}`;
  t.is((await greenfiber(scenario('open', source), '-n', '3', '-q')).code, 0);
});

test('reports are written again from the results, by the same thresholds', async (t) => {
  const server = createServer((request, response) => {
    response.statusCode = request.url === '/missing' ? 404 : 200;
    response.end('x');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://ann:secret@127.0.0.1:${(server.address() as AddressInfo).port}/missing`;
  const threshold = ['--threshold', 'http_reqs{status:404}:count>5'];
  const run = await greenfiber(url, '-n', '5', '--json', file('run.json'), ...threshold);
  server.close();
  t.is(run.code, 99);
  t.regex(run.stdout, /http_reqs\.*: 5 .*\n {4}status: 404 x 5\n/);
  const again = await greenfiber('report', file('run.json'), '--html', file('again.html'));
  t.is(again.code, 99);
  t.is(again.stdout, run.stdout);
  t.true(existsSync(file('again.html')));
  t.false((run.stdout + readFileSync(file('run.json'), 'utf8')).includes('secret'));
});

test('the version, and examples in the help', async (t) => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    version: string;
  };
  t.deepEqual(await greenfiber('--version').then(({ stdout }) => stdout), `${version}\n`);
  t.regex((await greenfiber('--help')).stdout, /Examples:\n {2}greenfiber load http/);
});
