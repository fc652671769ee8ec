/** Programs whose dependencies ask for `fibers` by its name. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import test from 'ava';

import { ROOT } from '../helpers/root';

/** A project of somebody who uses greenfiber, with files of its own. */
function project(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'greenfiber-fibers-'));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(ROOT, join(folder, 'node_modules/greenfiber'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

function run(folder: string, ...args: string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: folder, timeout: 30_000 }, (_error, stdout, stderr) => {
      rmSync(folder, { recursive: true });
      resolve(stdout + stderr);
    });
  });
}

const USER = `
  const Fiber = require('fibers'), Future = require('fibers/future');
  Fiber(() => console.log(Future.task(() => 'works').wait(), Fiber === process.fiberLib)).run();`;

test('fibers and fibers/future are redirected where they are not installed, for require and import', async (t) => {
  const files = {
    'node_modules/old/index.js': USER,
    'app.cjs': `require('old');`,
    'app.mjs': `import Fiber from 'fibers'; import Future from 'fibers/future'; import 'old';
      console.log(Fiber === process.fiberLib, typeof Future.task);`,
  };
  for (const how of ['--import', '--require']) {
    const register = [how, 'greenfiber/fibers/register'];
    t.is(await run(project(files), ...register, 'app.cjs'), 'works true\n');
    t.is(await run(project(files), ...register, 'app.mjs'), 'works true\ntrue function\n');
  }
});

test('the real package without its binary takes what --import greenfiber/fibers has loaded', async (t) => {
  // What fibers.js of fibers 5 begins with.
  const files = {
    'node_modules/fibers/package.json': '{ "main": "fibers" }',
    'node_modules/fibers/fibers.js': `if (process.fiberLib) module.exports = process.fiberLib;
      else throw new Error('Missing binary');`,
    'app.cjs': `require('fibers')(() => console.log('works')).run();`,
  };
  t.is(await run(project(files), '--import', 'greenfiber/fibers', 'app.cjs'), 'works\n');
});

test('the package greenfiber-fibers stands for fibers', async (t) => {
  const folder = project({ 'app.cjs': USER });
  cpSync(join(ROOT, 'alias'), join(folder, 'node_modules/fibers'), { recursive: true });
  t.is(await run(folder, 'app.cjs'), 'works true\n');
});

test('greenfiber/fibers/future is greenfiber/future, for bundlers that replace a prefix', (t) => {
  t.is(require('greenfiber/fibers/future'), require('greenfiber/future'));
});
