// PostgreSQL and Redis for the benchmark and the example: servers of their own on free ports of loopback, with a password
// that nobody else knows and their data in a temporary folder. They end, and the folder is removed, with the process that
// started them.
//
//   node bench/servers/databases.mjs              starts both, says where they are, and ends them at Ctrl-C
//   node bench/servers/databases.mjs --install    the same, and installs the Debian packages before; as root
//   node bench/servers/databases.mjs --check      only says what is missing
import { execFile, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { installPackages } from '../../scripts/lib/debian.mjs';
import { fail } from '../../scripts/lib/run.mjs';

const HOST = '127.0.0.1';
const PACKAGES = ['postgresql', 'redis-server'];
/** Debian has PostgreSQL's server programs beside the path, a folder for each version. */
const DEBIAN = '/usr/lib/postgresql';
const READY = /ready to accept connections/i;
const MOST_SECONDS = { start: 60, end: 10 };

/** The programs' files, and what is `missing`, in words, or undefined. */
export function findDatabases() {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => b - a) : [];
  const folders = [
    ...versions.map((version) => path.join(DEBIAN, version, 'bin')),
    ...(process.env.PATH ?? '').split(path.delimiter),
  ];
  const find = (name) => folders.map((folder) => path.join(folder, name)).find(existsSync);
  const programs = {
    initdb: find('initdb'),
    postgres: find('postgres'),
    redis: find('redis-server'),
  };
  const absent = Object.keys(programs).filter((name) => programs[name] === undefined);
  const missing =
    absent.length > 0
      ? `${absent.join(', ')} not found; \`node bench/servers/databases.mjs --install\`, as root, ` +
        `installs the Debian packages ${PACKAGES.join(' and ')}`
      : undefined;
  return { ...programs, missing };
}

/** PostgreSQL refuses to run as root: then the servers run as a user who may do less. */
function otherUser() {
  if (process.getuid() !== 0) return undefined;
  const idsOf = (user) =>
    ['-u', '-g'].map((what) => Number(execFileSync('id', [what, user], { stdio: 'pipe' })));
  try {
    return idsOf('postgres');
  } catch {
    return idsOf('nobody');
  }
}

async function freePort() {
  const server = net.createServer().listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Resolves when the server says that it is ready; rejects with what it said last when it does not. */
function ready(child, name) {
  return new Promise((resolve, reject) => {
    let said = '';
    const listen = (chunk) => {
      said = (said + chunk).slice(-2000);
      if (!READY.test(said)) return;
      clearTimeout(timer);
      resolve();
    };
    const give = (why) => {
      clearTimeout(timer);
      reject(new Error(`${name} ${why}\n${said}`));
    };
    const timer = setTimeout(give, MOST_SECONDS.start * 1000, 'does not get ready');
    child.stdout.setEncoding('utf8').on('data', listen);
    child.stderr.setEncoding('utf8').on('data', listen);
    child.once('error', (error) => give(error.message));
    child.once('exit', (code, signal) => give(`ended: ${signal ?? `exit code ${code}`}`));
  });
}

async function end(child) {
  const isRunning = child.exitCode === null && child.signalCode === null;
  if (child.pid === undefined || !isRunning) return;
  const exit = once(child, 'exit');
  child.kill('SIGINT'); // both end at once, in order
  const timer = setTimeout(() => child.kill('SIGKILL'), MOST_SECONDS.end * 1000);
  await exit;
  clearTimeout(timer);
}

/**
 * Runs `body` while both servers are up. It is given the variables of the environment that say where they are, and their
 * versions. Ctrl-C ends the servers as well, then the process.
 */
export async function withDatabases(body) {
  const { initdb, postgres, redis, missing } = findDatabases();
  if (missing !== undefined) throw new Error(missing);
  const versions = [postgres, redis].map(
    (program) => /\d[\d.]+/.exec(execFileSync(program, ['--version'], { encoding: 'utf8' }))[0],
  );
  const folder = mkdtempSync(path.join(os.tmpdir(), 'greenfiber-databases-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const user = otherUser();
  // Should this process be killed, the kernel ends the servers.
  const prefix = [
    ...(user ? [`--reuid=${user[0]}`, `--regid=${user[1]}`, '--clear-groups'] : []),
    ...['--pdeathsig=INT', '--'],
  ];
  const running = [];
  async function start(program, args, { input = '' } = {}) {
    const child = spawn('setpriv', [...prefix, program, ...args], { cwd: folder });
    running.push(child);
    child.stdin.on('error', () => undefined).end(input);
    await ready(child, path.basename(program));
  }
  async function stop() {
    await Promise.all(running.map(end));
    remove();
  }
  const interrupt = async (signal) => {
    await stop();
    process.exit(128 + os.constants.signals[signal]);
  };
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, interrupt);
  process.once('exit', remove);
  try {
    const password = randomBytes(16).toString('hex');
    const passwordFile = path.join(folder, 'password');
    writeFileSync(passwordFile, password, { mode: 0o600 });
    if (user) for (const file of [folder, passwordFile]) chownSync(file, ...user);
    const ports = [await freePort(), await freePort()];

    const data = path.join(folder, 'postgres');
    const cluster = ['-U', 'greenfiber', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`];
    const plain = ['--no-locale', '-E', 'UTF8', '--no-sync'];
    await promisify(execFile)('setpriv', [...prefix, initdb, '-D', data, ...cluster, ...plain], {
      cwd: folder,
    });
    // Nothing here has to survive: no commit waits for a disk.
    const settings = ['unix_socket_directories=', 'fsync=off', 'synchronous_commit=off'];
    await start(postgres, [
      ...['-D', data, '-h', HOST, '-p', String(ports[0])],
      ...settings.flatMap((setting) => ['-c', setting]),
    ]);
    await start(redis, ['-'], {
      input: `bind ${HOST}\nport ${ports[1]}\nrequirepass ${password}\nsave ""\ndir "${folder}"\n`,
    });
    return await body({
      env: {
        DATABASE_URL: `postgres://greenfiber:${password}@${HOST}:${ports[0]}/postgres`,
        REDIS_URL: `redis://:${password}@${HOST}:${ports[1]}`,
      },
      versions: { postgres: versions[0], redis: versions[1] },
    });
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM']) process.off(signal, interrupt);
    process.off('exit', remove);
    await stop();
  }
}

async function main() {
  const flag = { type: 'boolean', default: false };
  const { values } = parseArgs({ options: { install: flag, check: flag } });
  if (values.install) installPackages(PACKAGES);
  if (values.check) {
    const { missing } = findDatabases();
    if (missing !== undefined) fail(missing);
    return;
  }
  await withDatabases(async ({ env, versions }) => {
    console.log(`PostgreSQL ${versions.postgres} and Redis ${versions.redis}, until Ctrl-C:\n`);
    for (const [name, value] of Object.entries(env)) console.log(`export ${name}=${value}`);
    console.log('\nnode examples/services/main.mjs --store postgres');
    await new Promise(() => undefined);
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main().catch((error) => fail(error.message));
}
