// What lies beside a bundle. scripts/test_bundlers.mjs tries it with bundlers; here, the code is only taken elsewhere.
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import test from 'ava';

import { runChild } from '../helpers/child';
import { ROOT } from '../helpers/root';

const PROGRAM = `
  const { Fiber, isSupported, spawn, wait } = require('./code/index.js');
  const { serve } = require('./code/inspect/index.js');
  const { Offload } = require('./code/offload/index.js');
  const say = (error) => console.log(error.code, error.message);
  const page = async () => {
    const server = await serve();
    console.log((await (await fetch(server.url)).text()).includes('<title>'));
    await server.close();
  };
  const work = async () => {
    const pool = new Offload();
    const add = pool.js((a, b) => a + b);
    await spawn(() => console.log([2, 1].sort((a, b) => wait(Promise.resolve(a - b))).join(), add(40, 2))).then(undefined, say);
    await pool.close();
  };
  if (isSupported) page().catch(say).then(work);
  else try { new Fiber(() => 1); } catch (error) { say(error); }`;

/** A folder with a program that has the package's code in a folder of its own, as a bundle would have it. */
async function withBundle(use: (folder: string, program: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'greenfiber-bundle-'));
  const program = join(folder, 'program.cjs');
  try {
    cpSync(join(ROOT, 'dist'), join(folder, 'code'), { recursive: true, dereference: true });
    cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    writeFileSync(program, PROGRAM);
    await use(folder, program);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const unnamed = { env: { GREENFIBER_BINDING: '' } };
const named = process.env['GREENFIBER_BINDING'] ?? join(ROOT, 'build/Release/greenfiber.node');

test('a bundle without its files says how it gets them', async (t) => {
  await withBundle(async (_folder, program) => {
    const { stdout } = await runChild(program, unnamed);
    t.regex(stdout, /^ERR_FIBER_UNSUPPORTED .*part of a bundle.*`npx greenfiber bundle/);
  });
});

test('a bundle with its files has fibers, the page and worker threads', async (t) => {
  await withBundle(async (folder, program) => {
    const { code, stdout, stderr } = await runChild('dist/cli.js', { args: ['bundle', folder] });
    t.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    t.regex(stdout, /greenfiber: .*prebuilds\/linux-x64\/greenfiber\.abi\d+\.glibc\.node/);
    t.true(existsSync(join(folder, 'greenfiber', 'LICENSE')));
    t.like(await runChild(program, unnamed), { stdout: 'true\n1,2 42\n', stderr: '', code: 0 });
  });
});

test('where only the binary is named, what needs other files says so', async (t) => {
  await withBundle(async (_folder, program) => {
    const { stdout } = await runChild(program, { env: { GREENFIBER_BINDING: named } });
    t.regex(stdout, /^ERR_FIBER_UNSUPPORTED .*the page.*\nERR_OFFLOAD_WORKER .*greenfiber bundle/);
  });
});

test('what is bundled and what is not do not share a thread', async (t) => {
  await withBundle(async (_folder, program) => {
    const both = `
      require(${JSON.stringify(ROOT)});
      const { Fiber } = require(${JSON.stringify(join(program, '../code/index.js'))});
      try { new Fiber(() => 1); } catch (error) { console.log(error.code, error.message); }`;
    const { stdout } = await runChild(both);
    t.regex(stdout, /^ERR_FIBER_UNSUPPORTED .*in a bundle cannot run .* Leave greenfiber out of/);
    const { stdout: other } = await runChild(
      both.replace(/(require\(.*\);)\n(.*)(require\(.*)\n/, '$3\n$2$1\n'),
      { env: { GREENFIBER_BINDING: named } },
    );
    t.regex(other, /^ERR_FIBER_UNSUPPORTED .* in a bundle was loaded first/);
  });
});

test('it wants one folder', async (t) => {
  for (const args of [[], ['--everything', 'out'], ['one', 'two']]) {
    const { code, stderr } = await runChild('dist/cli.js', { args: ['bundle', ...args] });
    t.is(code, 2);
    t.regex(stderr, /^Usage: greenfiber bundle/);
  }
});
