// What the package that is installed says on systems that it has no binary for. (Node is told that it is there.)
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import test from 'ava';

import { runChild, type Exit } from '../helpers/child';
import { ROOT } from '../helpers/root';

const binary = process.env['GREENFIBER_BINDING'] ?? join(ROOT, 'build/Release/greenfiber.node');
const { modules } = process.versions;
const SHIPPED = ['linux-arm64', 'linux-x64'];

let installed: string;

test.before(() => {
  installed = mkdtempSync(join(tmpdir(), 'greenfiber-elsewhere-'));
  cpSync(join(ROOT, 'dist'), join(installed, 'dist'), { recursive: true });
  copyFileSync(join(ROOT, 'package.json'), join(installed, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(installed, 'node_modules'));
  for (const target of SHIPPED) {
    const folder = join(installed, 'prebuilds', target);
    mkdirSync(folder, { recursive: true });
    copyFileSync(binary, join(folder, `greenfiber.abi${modules}.glibc.node`));
  }
});

test.after.always(() => {
  rmSync(installed, { recursive: true });
});

/** Runs a file of the package where Node believes to be elsewhere. */
function runOn(system: string, file: string, args: string[] = []): Promise<Exit> {
  return runChild(join(installed, 'dist', file), {
    flags: [`--require=${join(ROOT, 'dist-test/engine/systems', `${system}.cjs`)}`],
    args,
    env: { GREENFIBER_BINDING: '', GREENFIBER_ENGINE: '' },
  });
}

const PROGRAM = (system: string): string => `
  require(${JSON.stringify(join(ROOT, 'dist-test/engine/systems', `${system}.cjs`))});
  const { isSupported, engine, Fiber, spawn, stats } = require(${JSON.stringify(join(installed, 'dist'))});
  const say = (call) => { try { call(); } catch (error) { return [error.code, error.message].join(' '); } };
  console.log(JSON.stringify({ isSupported, engine, alive: stats().alive, fiber: say(() => new Fiber(() => 1)),
    task: say(() => spawn(() => 1)) }));`;

interface Said {
  isSupported: boolean;
  engine: string;
  alive: number;
  fiber: string;
  task: string;
}

async function saidOn(system: string): Promise<Said> {
  const { code, signal, stdout, stderr } = await runChild(PROGRAM(system), {
    env: { GREENFIBER_BINDING: '', GREENFIBER_ENGINE: '' },
  });
  if (code !== 0) throw new Error(`${String(code ?? signal)}: ${stderr}`);
  return JSON.parse(stdout) as Said;
}

for (const [system, target] of Object.entries({ macos: 'darwin-arm64', windows: 'win32-x64' })) {
  test(`on ${system} the package loads, and says what is missing and what works`, async (t) => {
    const { fiber, task, ...others } = await saidOn(system);
    t.deepEqual(others, { isSupported: false, engine: 'none', alive: 0 });
    for (const said of [fiber, task]) {
      t.regex(said, /^ERR_FIBER_UNSUPPORTED Fibers cannot run here: no binary fits/);
      t.regex(said, /shipped: linux-arm64\/\S+, linux-x64\/\S+\)/);
      t.regex(
        said,
        new RegExp(`Found Node ${process.versions.node} \\(V8 \\S+, ABI ${modules}, ${target}\\)`),
      );
      t.regex(said, /needed: Node 20, 22, 24 or 26 on Linux \(x86-64 or aarch64\) with glibc/);
      t.regex(said, /in a container with Linux.*docker run .* node:\d+ node main\.mjs/);
      t.notRegex(said, /node-gyp|report/);
    }
  });

  test(`greenfiber doctor says the same on ${system}`, async (t) => {
    const { code, stdout } = await runOn(system, 'cli.js', ['doctor']);
    t.is(code, 1);
    t.regex(stdout, new RegExp(`^platform +${target}, .*no glibc`, 'm'));
    t.regex(stdout, /^binary +none fits$/m);
    t.regex(stdout, /^engine +none: no binary fits/m);
    t.regex(stdout, /^Fibers do not run here: .*docker run/m);
  });
}

test('on Linux with musl it does not offer a command whose result nobody has run', async (t) => {
  const { isSupported, fiber } = await saidOn('musl');
  t.false(isSupported);
  t.regex(fiber, /no binary fits.*needed: .* with glibc/);
  t.notRegex(fiber, /node-gyp|docker/);
});
