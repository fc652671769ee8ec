// Who runs the programs beside greenfiber: the native floor, node-fibers, and other languages with coroutines or
// threads of their own. bench/install-peers.mjs installs them.
//
// A found peer is { name, version, programs, command, args, env? }, called with NAME SIZE WARM_UP_SIZE and printing
// { nanoseconds, result }; one with `variant` runs that variant of the JavaScript program. A missing one is
// { name, programs, missing: reason }.
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { capture } from '../../scripts/lib/run.mjs';
import { findPeer as findNodeFibers } from '../js/peers.mjs';

const source = (...parts) => fileURLToPath(new URL(path.join(...parts), import.meta.url));
const built = (name) => inRoot('build', 'bench', name);
const quiet = { quiet: true };

// Answers the first line of a command's output, or throws its last.
async function ask(command, args, options) {
  const { ok, output } = await capture(command, args, { ...quiet, ...options });
  const lines = output.trim().split('\n');
  if (!ok) throw new Error(lines.at(-1));
  return lines[0];
}

const number = (text) => /\d+\.\d+(\.\d+)?/.exec(text)?.[0] ?? text;

async function native() {
  await ask('make', ['-s', '-C', inRoot('bench', 'native'), 'programs']);
  const version = `g++ ${await ask('g++', ['-dumpfullversion'])}`;
  return { version, command: built('programs'), args: [] };
}

async function nodeFibers() {
  const { missing, version, execPath, env } = await findNodeFibers();
  if (missing) throw new Error(missing);
  const loader = pathToFileURL(source('node-fibers', 'loader.mjs')).href;
  return {
    version: `5.0.3 on Node ${version}`,
    command: execPath,
    args: ['--no-warnings', '--expose-gc', '--experimental-loader', loader],
    env: { ...env, NODE_OPTIONS: '' },
    variant: 'fibers',
  };
}

async function go() {
  const version = number(await ask('go', ['version']));
  const options = { cwd: source('go'), env: { ...process.env, GOFLAGS: '', GOWORK: 'off' } };
  await ask('go', ['build', '-o', built('go-peer'), '.'], options);
  return { version, command: built('go-peer'), args: [] };
}

const lua = (command) => async () => ({
  version: number(await ask(command, ['-v'])),
  command,
  args: [source('lua', 'main.lua')],
});

async function ruby() {
  return {
    version: number(await ask('ruby', ['--version'])),
    command: 'ruby',
    args: [source('ruby', 'main.rb')],
  };
}

// Debian installs greenlet for its own Python, which need not be the first one on the PATH.
async function python() {
  let reason;
  for (const command of ['python3', '/usr/bin/python3']) {
    try {
      const version = await ask(command, ['-c', 'import greenlet; print(greenlet.__version__)']);
      return { version, command, args: [source('python', 'main.py')] };
    } catch (error) {
      reason ??= error;
    }
  }
  throw reason;
}

const coroutines = ['suspend-resume', 'create-finish', 'sieve', 'skynet-nested'];
const stateful = [...coroutines, 'two-resumes', 'state'];

const known = [
  { name: 'native', programs: [...stateful, 'c10m'], find: native },
  { name: 'node-fibers', programs: [...stateful, 'c10m', 'same-fringe'], find: nodeFibers },
  {
    name: 'Go',
    programs: ['suspend-resume', 'create-finish', 'skynet-nested', 'skynet-concurrent'],
    find: go,
  },
  { name: 'Lua', programs: stateful, find: lua('lua5.4') },
  { name: 'LuaJIT', programs: stateful, find: lua('luajit') },
  { name: 'Ruby', programs: [...coroutines, 'state'], find: ruby },
  { name: 'greenlet', programs: coroutines, find: python },
];

export const peerNames = known.map(({ name }) => name);

export function findPeers() {
  return Promise.all(
    known.map(async ({ name, programs, find }) => {
      try {
        return { name, programs, ...(await find()) };
      } catch (error) {
        return { name, programs, missing: error.message };
      }
    }),
  );
}
