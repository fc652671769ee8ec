// A server with a fiber for every connection among peers that behave and peers that do not: a small bench/connections.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import test from 'ava';

import { ROOT } from '../docs/snippets';
import { bench } from '../helpers/bench';

const CONNECTIONS = 300;
const HOSTILE = 40;
const ADDRESS = '127.0.0.9';

interface Client {
  socket: { resetAndDestroy(): void; destroy(): void };
}

async function ask<T>(server: ChildProcess, question: string): Promise<T> {
  server.send(question);
  return ((await once(server, 'message')) as [T])[0];
}

interface State {
  connections: number;
  tasks: number;
}

async function settled(server: ChildProcess, connections: number): Promise<State> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const state = await ask<State>(server, 'state');
    if (state.connections === connections && state.tasks === connections + 1) return state;
    if (performance.now() > deadline) {
      throw new Error(`not ${connections} connections: ${JSON.stringify(state)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('no byte is wrong and no connection lost while half of the peers vanish and others misbehave; all is given back', async (t) => {
  const { openAll, trickle, account, hostile } = await bench('connections/clients.mjs');
  const server = fork(join(ROOT, 'bench/connections/server.mjs'), ['fibers'], {
    execArgv: ['--expose-gc'],
  });
  t.teardown(() => void server.kill('SIGKILL'));
  const [{ port }] = (await once(server, 'message')) as [{ port: number }];
  let echoes = 0;
  const clients: Client[] = await openAll(port, CONNECTIONS, ADDRESS, () => echoes++);
  const good = { lost: 0, wrong: 0, unanswered: 0 };
  const traffic = { rate: 1000, seconds: 0.3 };

  const sent = await trickle(clients, traffic);
  t.deepEqual(account(clients), good);
  t.is(echoes, sent);
  t.like(await ask<State>(server, 'state'), { connections: CONNECTIONS, tasks: CONNECTIONS + 1 });

  for (const { socket } of clients.splice(CONNECTIONS / 2)) socket.resetAndDestroy();
  await settled(server, clients.length);
  const ends: (() => void)[] = [];
  for (const kind of ['slowReaders', 'halfOpen', 'garbage']) {
    ends.push(await hostile[kind](port, HOSTILE, ADDRESS));
    await trickle(clients, traffic);
    t.deepEqual(account(clients), good, kind);
  }

  for (const end of ends) end();
  await settled(server, clients.length);
  for (const { socket } of clients) socket.destroy();
  await settled(server, 0);
  server.disconnect();
  t.deepEqual(await once(server, 'exit'), [0, null]);
});

test('too few file descriptors are told before anything is opened, with what to do', async (t) => {
  const { checkLimits, shares } = await bench('connections/limits.mjs');
  t.throws(() => checkLimits(30_000, 1024), {
    message: /30000 connections need 30200 file descriptors, and the hard limit is 1024: raise it/,
  });
  t.notThrows(() => checkLimits(30_000, 65_536));
  t.deepEqual(shares(25_000, [7]), [
    { port: 7, address: '127.0.0.2', count: 10_000 },
    { port: 7, address: '127.0.0.3', count: 10_000 },
    { port: 7, address: '127.0.0.4', count: 5000 },
  ]);
  t.deepEqual(
    shares(3, [7, 8]).map(({ port, count }: { port: number; count: number }) => [port, count]),
    [
      [7, 2],
      [8, 1],
    ],
  );
});
