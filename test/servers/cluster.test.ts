// examples/cluster: one server on all cores behind one port.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';

import { onDirect as test } from '../helpers/on-direct';
import { ROOT } from '../helpers/root';

interface Cluster {
  child: ChildProcess;
  port: number;
  /** Resolves when it has printed this. */
  printed: (text: RegExp) => Promise<RegExpExecArray>;
}

async function start(): Promise<Cluster> {
  const child = spawn(
    process.execPath,
    ['examples/cluster/main.mjs', '--port', '0', '--workers', '2'],
    { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      for (const look of listeners) look();
    });
  }
  const printed = (text: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = text.exec(output);
        if (found === null) return;
        listeners.delete(look);
        resolve(found);
      };
      listeners.add(look);
      child.once('exit', () => reject(new Error(`it ended after printing ${output}`)));
      look();
    });
  const [, port] = await printed(/listening on port (\d+) with 2 workers/);
  return { child, port: Number(port), printed };
}

async function ask(port: number, path: string): Promise<{ status: number; body: string }> {
  const request = get({ port, path, host: '127.0.0.1', agent: false });
  const [response] = (await once(request, 'response')) as [import('node:http').IncomingMessage];
  let body = '';
  for await (const text of response.setEncoding('utf8')) body += text as string;
  return { status: response.statusCode!, body };
}

const workerOf = async (port: number, path = '/'): Promise<number> => {
  const { status, body } = await ask(port, path);
  if (status !== 200) throw new Error(`${String(status)}: ${body}`);
  return (JSON.parse(body) as { worker: number }).worker;
};

async function allWorkers(port: number): Promise<Set<number>> {
  const workers = new Set<number>();
  while (workers.size < 2) workers.add(await workerOf(port));
  return workers;
}

test('workers share a port, are replaced without losing a request, and stop in peace', async (t) => {
  const { child, port, printed } = await start();
  t.teardown(() => child.kill('SIGKILL'));
  t.deepEqual(await ask(port, '/health'), { status: 200, body: 'ok' });
  t.regex((await ask(port, '/metrics')).body, /^greenfiber_tasks \d+$/m);
  const before = await allWorkers(port);

  let restarted = false;
  child.kill('SIGHUP');
  const load = ['/', '/slow'].map(async (path) => {
    while (!restarted) await workerOf(port, path);
  });
  await printed(/^restarted$/m);
  restarted = true;
  await Promise.all(load);
  const after = await allWorkers(port);
  t.true([...after].every((worker) => !before.has(worker)));

  const [victim] = after;
  process.kill(victim!, 'SIGKILL');
  await printed(new RegExp(`worker ${String(victim)} ended, and is replaced`));
  const replaced = await allWorkers(port);
  t.false(replaced.has(victim!));

  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  t.deepEqual(await ended, [0, null]);
});
