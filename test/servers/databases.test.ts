// The HTTP service over PostgreSQL and Redis, as bench/servers measures it. Where these are not installed, what needs them
// is skipped and says so.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import test, { type ExecutionContext } from 'ava';

import { ROOT } from '../docs/snippets';
import { bench } from '../helpers/bench';
import { runChild } from '../helpers/child';
import { raw, until } from '../helpers/http';
import { refused } from '../helpers/refused';

interface Service {
  child: ChildProcess;
  exit: Promise<unknown[]>;
  url: string;
}

interface Databases {
  child: ChildProcess;
  exit: Promise<unknown[]>;
  env: Record<string, string>;
  ports: number[];
  /** What is left in the folder for temporary files. */
  left: () => string[];
}

const SCRIPT = 'bench/servers/databases.mjs';

/** Why what needs the servers, or a program, cannot run here; empty when it can. */
function lacking(...programs: string[]): string {
  const options = { cwd: ROOT, encoding: 'utf8' } as const;
  const { stderr } = spawnSync(process.execPath, [SCRIPT, '--check'], options);
  const absent = programs.filter((program) => spawnSync('which', [program]).status !== 0);
  return [stderr.trim(), ...absent.map((program) => `no ${program}`)].filter(Boolean).join('; ');
}

/** Declares a test that needs both servers, and maybe other programs. */
function withServers(
  title: string,
  body: (t: ExecutionContext) => Promise<void>,
  ...programs: string[]
): void {
  const reason = lacking(...programs);
  if (reason === '') test.serial(title, body);
  else test.serial.skip(`${title} (skipped: ${reason})`, body);
}

async function startDatabases(t: ExecutionContext): Promise<Databases> {
  const folder = mkdtempSync(join(tmpdir(), 'greenfiber-test-'));
  chmodSync(folder, 0o755); // the servers may run as another user
  const child = spawn(process.execPath, [SCRIPT], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: folder },
  });
  t.teardown(() => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  const exit = once(child, 'exit');
  const env: Record<string, string> = {};
  for await (const line of createInterface(child.stdout)) {
    const [, name, value] = /^export (\w+)=(.*)$/.exec(line) ?? [];
    if (name !== undefined) env[name] = value!;
    if (line.startsWith('node ')) break;
  }
  const ports = Object.values(env).map((url) => Number(new URL(url).port));
  t.is(ports.length, 2);
  return { child, exit, env, ports, left: () => readdirSync(folder) };
}

withServers(
  'over PostgreSQL and Redis, every style of the service answers as over SQLite, and exits with 0',
  async (t) => {
    const { startService } = await bench('servers/service.mjs');
    const { answersOf } = await bench('servers/answers.mjs');
    const databases = await startDatabases(t);
    t.is(databases.left().length, 1);

    for (const variant of ['fibers', 'async', 'callbacks']) {
      const answers: unknown[] = [];
      for (const store of ['sqlite', 'postgres']) {
        const options = { env: databases.env, args: ['--grace', '60000'] };
        const { child, exit, url }: Service = await startService(variant, store, options);
        t.teardown(() => void child.kill('SIGKILL'));
        answers.push(await answersOf(url));

        const body = '{"products":["p1","p2"]}';
        const head = `POST /orders HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n`;
        const { socket, answer } = await raw(url, head + body.slice(0, 5));
        // It has arrived in part when a whole one, sent after it, is answered.
        t.is((await fetch(`${url}products/p7`)).status, 200);
        child.kill('SIGTERM');
        await refused(Number(new URL(url).port));
        socket.write(body.slice(5));
        await until(() => answer().includes('"total":'));
        t.regex(answer(), /^HTTP\/1\.1 201 Created\r\n/, `${variant}, ${store}`);
        t.deepEqual(await exit, [0, null], `${variant}, ${store}`);
      }
      t.deepEqual(answers[1], answers[0], variant);
    }

    databases.child.kill('SIGINT');
    databases.child.kill('SIGINT'); // one more changes nothing
    t.deepEqual(await databases.exit, [130, null]);
    await Promise.all(databases.ports.map(refused));
    t.deepEqual(databases.left(), []);
  },
);

withServers(
  'the servers do not outlive a script that is killed; services that use them answer 500 then, and end in order',
  async (t) => {
    const { startService } = await bench('servers/service.mjs');
    const databases = await startDatabases(t);
    const services: Service[] = [];
    for (const variant of ['fibers', 'async', 'callbacks']) {
      const service: Service = await startService(variant, 'postgres', {
        env: databases.env,
        stderr: 'ignore',
      });
      t.teardown(() => void service.child.kill('SIGKILL'));
      services.push(service);
      t.is((await fetch(`${service.url}products/p1`)).status, 200);
    }

    databases.child.kill('SIGKILL');
    await databases.exit;
    await Promise.all(databases.ports.map(refused));
    for (const { child, exit, url } of services) {
      for (const path of ['products', 'products/p1']) {
        t.is((await fetch(url + path)).status, 500, path);
      }
      child.kill('SIGTERM');
      t.deepEqual(await exit, [0, null]);
    }
  },
);

withServers(
  'bench/servers compares the three styles over both stores in one run, and leaves nothing behind',
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'greenfiber-test-'));
    chmodSync(folder, 0o755);
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    const { code, stdout, stderr } = await runChild('bench/servers/run.mjs', {
      args: ['--rounds', '1', '--seconds', '1', '--connections', '8'],
      env: { TMPDIR: folder },
      timeout: 180_000,
    });
    t.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    t.regex(stdout, /PostgreSQL [\d.]+ and Redis [\d.]+\n[^]*SQLite/);
    for (const variant of ['fibers', 'async', 'callbacks']) {
      const rows = stdout.split('\n').filter((line) => line.startsWith(`${variant} `));
      t.is(rows.length, 2, stdout);
      for (const row of rows) t.regex(row, /^\w+ +[1-9]\d* .* ms .* [1-9]\d* µs/);
    }
    t.deepEqual(readdirSync(folder), []);
  },
  'wrk',
);

test.serial('without the servers, the script says which Debian packages to install', async (t) => {
  const env = { PATH: '/nowhere' };
  const { code, stderr } = await runChild(SCRIPT, { args: ['--check'], env });
  t.is(code, 1);
  t.regex(
    stderr,
    /redis not found; `node .*--install`.* Debian packages postgresql and redis-server\n$/,
  );
});

test.serial(
  'a service whose cache or database is not there says so, and exits with 1',
  async (t) => {
    for (const variant of ['fibers', 'async', 'callbacks']) {
      const { code, stderr } = await runChild('examples/services/main.mjs', {
        args: ['--listen', '0', '--store', 'postgres', '--variant', variant],
        env: { REDIS_URL: 'redis://127.0.0.1:1', DATABASE_URL: 'postgres://127.0.0.1:1/none' },
      });
      t.is(code, 1);
      t.regex(stderr, /^The example failed: connect ECONNREFUSED 127\.0\.0\.1:1\n$/);
    }
  },
);
