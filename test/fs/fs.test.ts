/** greenfiber/fs */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import * as promises from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import test from 'ava';
import { group, sleep, spawn, timeout, TimeoutError } from 'greenfiber';
import * as fs from 'greenfiber/fs';

import { runChild } from '../helpers/child';
import { caught, inTask } from '../helpers/in-task';

const folder = mkdtempSync(join(tmpdir(), 'greenfiber-fs-'));
test.after.always(() => {
  rmSync(folder, { recursive: true });
});

test('files are written, read, listed and removed without await', async (t) => {
  await inTask(t, () => {
    const place = join(folder, 'a', 'b');
    fs.mkdir(place, { recursive: true });
    const file = join(place, 'text');
    fs.writeFile(file, 'one');
    fs.appendFile(file, ' two');
    t.is(fs.readFile(file, 'utf8'), 'one two');
    t.true(Buffer.isBuffer(fs.readFile(file)));
    t.is(fs.stat(file).size, 7);
    t.is(fs.stat(file, { bigint: true }).size, 7n);
    t.deepEqual(fs.readdir(place), ['text']);
    t.deepEqual(
      [...fs.opendir(place)].map(({ name }) => name),
      ['text'],
    );
    fs.rename(file, `${file}2`);
    fs.rm(place, { recursive: true });
    t.false(existsSync(place));
  });
});

test('the system refuses as ever, with the trace of who called', async (t) => {
  await inTask(t, () => {
    const error = caught(function reader() {
      fs.readFile(join(folder, 'none'));
    }) as NodeJS.ErrnoException;
    t.is(error.code, 'ENOENT');
    t.regex(error.stack!, /reader/);
  });
});

test('outside of tasks, and in a cancelled scope, nothing is begun', async (t) => {
  const file = join(folder, 'never');
  t.throws(() => fs.writeFile(file, ''), {
    code: 'ERR_FIBER_NOT_IN_FIBER',
    message: /^fs\.writeFile blocks/,
  });
  await inTask(t, () => {
    group((tasks) => {
      tasks.cancel();
      t.is((caught(() => fs.writeFile(file, '')) as Error).name, 'AbortError');
      t.is((caught(() => fs.open(file, 'w')) as Error).name, 'AbortError');
    });
    sleep(10);
  });
  t.false(existsSync(file));
});

test('an open file has the methods of a FileHandle, and is closed at the end of its block', async (t) => {
  await inTask(t, () => {
    const path = join(folder, 'handle');
    const file = fs.open(path, 'w+');
    t.is(file.write('one\ntwo\n').bytesWritten, 8);
    t.is(file.stat().size, 8);
    const { buffer } = file.read(Buffer.alloc(3), 0, 3, 0);
    t.deepEqual(buffer, Buffer.from('one'));
    file[Symbol.dispose]();
    t.is(file.fd, -1);
    t.deepEqual([...fs.open(path).lines()], ['one', 'two']);
    t.throws(() => file.stat(), { code: 'EBADF' });
  });
});

test('a file whose opening is given up is closed when it comes', async (t) => {
  const exit = await runChild(`
    const { spawn, sleep, wait } = require('greenfiber');
    const promises = require('node:fs/promises');
    const { open } = promises;
    let opening;
    promises.open = (path) => {
      opening = open(path);
      task.cancel();
      return opening;
    };
    const task = spawn(() => require('greenfiber/fs').open('/dev/null'));
    spawn(() => {
      try { task.join(); } catch {}
      const handle = wait(opening);
      for (let i = 0; i < 200 && handle.fd !== -1; i++) sleep(5);
      console.log(task.status, handle.fd);
    });`);
  t.like(exit, { code: 0, signal: null, stdout: 'cancelled -1\n', stderr: '' });
});

test('what happens in a directory is watched until the loop is left or cancelled', async (t) => {
  await inTask(t, () => {
    const place = fs.mkdtemp(join(folder, 'watched-'));
    const writer = spawn(() => {
      sleep(20);
      fs.writeFile(join(place, 'new'), '');
    });
    for (const { filename } of fs.watch(place)) {
      t.is(filename, 'new');
      break;
    }
    writer.join();
    t.true(caught(() => timeout(5, () => [...fs.watch(place)])) instanceof TimeoutError);
  });
});

test('every function of node:fs/promises that all versions of Node have is here', (t) => {
  const missing = Object.keys(promises).filter((name) => !(name in fs));
  // What Node 20 has not, and what is experimental there.
  t.deepEqual(
    missing.filter((name) => !['default', 'glob', 'lchmod', 'mkdtempDisposable'].includes(name)),
    [],
  );
});
