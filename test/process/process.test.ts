/** greenfiber/process */
import { execFile as run } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import test from 'ava';
import { sleep, spawn as spawnTask, timeout, TimeoutError } from 'greenfiber';
import { exec, execFile, spawn } from 'greenfiber/process';

import { ROOT } from '../helpers/root';
import { caught, inTask } from '../helpers/in-task';

/** Whether a process is there; signal 0 only asks. */
const isAlive = (pid: number): boolean => caught(() => process.kill(pid, 0)) === undefined;

test('exec and execFile answer what was written', async (t) => {
  await inTask(t, () => {
    t.deepEqual(exec('echo out; echo err >&2'), { stdout: 'out\n', stderr: 'err\n' });
    t.is(execFile('cat', [], { input: 'given' }).stdout, 'given');
    t.is(execFile('true', [], { input: 'x'.repeat(1 << 20) }).stdout, ''); // reads nothing
    t.deepEqual(exec('echo x', { encoding: 'buffer' }).stdout, Buffer.from('x\n'));
  });
});

test('a program that fails is an error with its code and its output', async (t) => {
  await inTask(t, () => {
    t.like(
      caught(() => exec('echo out; exit 3')),
      { code: 3, stdout: 'out\n', stderr: '' },
    );
    t.like(
      caught(() => execFile('no-such-program')),
      { code: 'ENOENT' },
    );
    t.like(
      caught(() => spawn('no-such-program')),
      { code: 'ENOENT' },
    );
  });
});

test('a process is talked to by its pipes', async (t) => {
  await inTask(t, () => {
    const child = spawn('cat');
    child.stdin.write('one\n');
    t.is(child.stdout.readLine(), 'one');
    t.is(child.exit, undefined);
    child.stdin.end();
    t.is(child.stdout.readLine(), null);
    t.deepEqual(child.wait(), { code: 0, signal: null });
    t.deepEqual(child.exit, { code: 0, signal: null });
  });
});

test('what a process wrote is there after it has ended', async (t) => {
  await inTask(t, () => {
    const child = spawn('sh', ['-c', 'echo out; echo err >&2; exit 7']);
    t.deepEqual(child.wait(), { code: 7, signal: null });
    sleep(20);
    t.is(child.stdout.readAll().toString(), 'out\n');
    t.is(child.stderr.readAll().toString(), 'err\n');
  });
});

test('pipes join processes, and one that wants no more ends the one before', async (t) => {
  await inTask(t, () => {
    t.is(spawn('printf', ['b\\na\\n']).pipe(spawn('sort')).stdout.readAll().toString(), 'a\nb\n');
    const endless = spawn('yes');
    t.is(
      endless
        .pipe(spawn('head', ['-n', '1']))
        .stdout.readAll()
        .toString(),
      'y\n',
    );
    t.is(endless.wait().code === 0, false);
  });
});

test('a call that is cancelled ends the process', async (t) => {
  await inTask(t, () => {
    const pids: number[] = [];
    t.true(
      caught(() =>
        timeout(50, () => {
          const child = spawn('sleep', ['60']);
          pids.push(child.pid);
          child.wait();
        }),
      ) instanceof TimeoutError,
    );
    const used = spawn('sleep', ['60']);
    used[Symbol.dispose]();
    t.deepEqual(used.wait(), { code: null, signal: 'SIGTERM' });
    for (let i = 0; i < 100 && isAlive(pids[0]!); i++) sleep(5);
    t.false(isAlive(pids[0]!));
  });
});

test('an exec that is cancelled ends its program', async (t) => {
  const file = join(tmpdir(), `greenfiber-process-${process.pid}`);
  const pid = (): number => (existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0);
  await inTask(t, () => {
    const task = spawnTask(() => exec(`echo $$ > ${file}; exec sleep 60`));
    for (let i = 0; i < 1000 && pid() === 0; i++) sleep(5);
    task.cancel();
    t.is((caught(() => task.join()) as Error).name, 'AbortError');
    for (let i = 0; i < 200 && isAlive(pid()); i++) sleep(5);
    t.false(isAlive(pid()));
  });
  rmSync(file);
});

test('outside of tasks nothing is started, and what is no pipe is said so', async (t) => {
  const outside = { code: 'ERR_FIBER_NOT_IN_FIBER' };
  t.throws(() => exec('true'), outside);
  t.throws(() => execFile('true'), outside);
  t.throws(() => spawn('true'), outside);
  await inTask(t, () => {
    const child = spawn('true', [], { stdio: 'ignore' });
    for (const name of ['stdin', 'stdout', 'stderr'] as const) {
      t.like(
        caught(() => child[name]),
        { code: 'ERR_FIBER_INVALID_ARG_TYPE' },
      );
    }
    child.wait();
  });
});

/** Input that is given when the program has printed something, and so is ready for it; null ends the input. */
type Piece = [after: string, text: string | null];

function withInput(program: string, ...pieces: Piece[]): Promise<[number | null, string, string]> {
  return new Promise((resolve) => {
    const source = `
      const { spawn, sleep, timeout } = require('greenfiber');
      const { readLine, readLines } = require('greenfiber/process');
      ${program}`;
    const child = run(
      process.execPath,
      ['-e', source],
      { cwd: ROOT, timeout: 20_000 },
      (_error, stdout, stderr) => resolve([child.exitCode, stdout, stderr]),
    );
    let printed = '';
    const give = (): void => {
      for (let next = pieces[0]; next && printed.includes(next[0]); next = pieces[0]) {
        pieces.shift();
        if (next[1] === null) child.stdin!.end();
        else child.stdin!.write(next[1]);
      }
    };
    child.stdin!.on('error', () => undefined);
    child.stdout!.on('data', (chunk) => {
      printed += String(chunk);
      give();
    });
    give();
  });
}

test('readLine reads line by line from the input, and asks before', async (t) => {
  const program = `spawn(() => {
    const first = readLine('name? ');
    const second = readLine();
    console.log(first, second);
    console.log(JSON.stringify([[...readLines()], readLine()]));
  });`;
  const answer = 'name? a b\n[["c","","d"],null]\n';
  const inPieces: Piece[] = [
    ['name? ', 'a\nb\nc'],
    ['a b', '\n\nd'],
    ['a b', null],
  ];
  t.deepEqual(await withInput(program, ...inPieces), [0, answer, '']);
  t.deepEqual(await withInput(program, ['', 'a\nb\nc\n\nd'], ['', null]), [0, answer, '']);
});

test('a program that read what it wanted ends, though the input is still open', async (t) => {
  const program = `spawn(() => { console.log(readLine()); });`;
  t.deepEqual(await withInput(program, ['', 'a\nb\n']), [0, 'a\n', '']);
});

test('readLine can be cancelled, and a second reader is refused', async (t) => {
  const program = `spawn(() => {
    try { timeout(5, () => readLine()); } catch (error) { console.log(error.code); }
    const other = spawn(() => readLine());
    sleep(1);
    try { readLine(); } catch (error) { console.log(error.code); }
    console.log(other.join());
  });`;
  const printed = 'ERR_TIMEOUT\nERR_STREAM_BUSY\nlate\n';
  t.deepEqual(await withInput(program, ['BUSY', 'late\n']), [0, printed, '']);
});
