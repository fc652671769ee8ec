// The programs in examples/ are the first thing people run.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

import test from 'ava';

import { runChild } from '../helpers/child';
import { ROOT } from '../helpers/root';

const inTime = { timeout: 60_000, flags: ['--no-warnings'] };

test('tree-walk finds the first difference of two trees', async (t) => {
  const { code, stdout } = await runChild('examples/tree-walk.mjs', inTime);
  t.is(code, 0);
  t.regex(stdout, /the same leaves: true/);
  t.regex(stdout, /position: 4, left: 5, right: 6/);
});

test('generator-from-callback stops the parser as soon as nobody wants more', async (t) => {
  const { code, stdout } = await runChild('examples/generator-from-callback.mjs', inTime);
  t.is(code, 0);
  t.regex(stdout, /generator/);
  t.notRegex(stdout, /promise/);
});

test('sync-over-async sorts by what only a promise knows', async (t) => {
  const { code, stdout } = await runChild('examples/sync-over-async.mjs', inTime);
  t.is(code, 0);
  t.regex(stdout, /the event loop went on: true/);
});

test('dry-run gives one program three meanings', async (t) => {
  const { code, stdout } = await runChild('examples/dry-run.mjs', inTime);
  t.is(code, 0);
  t.regex(stdout, /running publish 1\.0\n {4}unlocked\n {2}released 1\.0/);
  t.regex(stdout, /would run lock, build, test, publish 1\.1/);
  t.regex(stdout, /running build\n {4}unlocked\n {2}refused at test/);
});

test('the HTTP server answers every request, in its own context, and leaves no fiber behind', async (t) => {
  const args = ['--count', '160', '--clients', '40'];
  const { code, stdout, stderr } = await runChild('examples/http-server/main.mjs', {
    ...inTime,
    args,
  });
  t.is(stderr, '');
  t.is(code, 0);
  t.regex(stdout, /160 requests from 40 clients/);
  t.regex(stdout, /\ngreenfiber +\d+ +0 +\d+ +\d+ ms +\d+ ms\nasync functions +\d+ +[1-9]/);
  t.notRegex(stdout, /Ctrl-C/); // no terminal: it ends
  t.regex(stdout, /140 x 200/);
  t.regex(stdout, /20 x 404/);
  t.regex(stdout, /; 0 fibers left at the end/);
  t.regex(stdout, /at JSON\.stringify|at Array\.|at String\.replace/);
});

test('the HTTP server stays, shows its tasks in the inspector, and Ctrl-C ends all of it', async (t) => {
  const args = ['--stay', '--count', '16', '--clients', '8'];
  const child = spawn(process.execPath, ['examples/http-server/main.mjs', ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let stdout = '';
  const stays = new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
      const [, url] = /inspector +(\S+)[^]*Ctrl-C ends it/.exec(stdout) ?? [];
      if (url !== undefined) resolve(url);
    });
    child.once('close', () => {
      reject(new Error(stdout));
    });
  });
  const ended = once(child, 'close');
  try {
    const snapshot = await (await fetch(`${await stays}snapshot.json`)).text();
    t.true(snapshot.includes('"name":"visitor 8"'));
  } finally {
    child.kill('SIGINT');
  }
  t.deepEqual(await ended, [0, null]);
  t.regex(
    stdout,
    /were cancelled[^]*connections are closed[^]*inspector is closed\nleft: 0 fibers/,
  );
});

test('the key-value server answers its clients, and leaves no task behind', async (t) => {
  const { code, stdout, stderr } = await runChild('examples/key-value/main.mjs', inTime);
  t.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  t.regex(
    stdout,
    /100 keys from as many clients\n\(nothing\) no such command: dance\n0 tasks left/,
  );
});

test('offload-frames advances all of its threads in every frame', async (t) => {
  const args = ['2000', '300', '2'];
  const { code, stdout, stderr } = await runChild('examples/offload-frames.mjs', {
    ...inTime,
    args,
  });
  t.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  t.regex(stdout, /frame 2: .* for the last call\n2000 threads, 900 calls in \d+ batches;/);
  t.regex(stdout, /all advanced: true/);
});

test('the HTTP server says what is wrong, without a stack trace', async (t) => {
  const args = ['--listen', '1'];
  const env = { GREENFIBER_BINDING: '/no/such/addon.node' };
  const { code, stderr } = await runChild('examples/http-server/main.mjs', {
    ...inTime,
    args,
    env,
  });
  t.is(code, 1);
  t.regex(stderr, /^The example failed: Fibers cannot run here: no binary fits/);
  t.notRegex(stderr, /\n {4}at /);
});
