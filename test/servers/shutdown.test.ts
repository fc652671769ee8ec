// How servers end: SIGTERM lets what is under way finish, for as long as it may, cancels the rest, and exits with 0.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import test, { type ExecutionContext } from 'ava';
import { AbortError, group, sleep, spawn as spawnTask, type FiberError } from 'greenfiber';
import { connect, listen } from 'greenfiber/io';

import { ROOT } from '../docs/snippets';
import { runChild } from '../helpers/child';
import { until } from '../helpers/http';
import { inTask } from '../helpers/in-task';
import { refused } from '../helpers/refused';

interface Running {
  child: ChildProcess;
  port: number;
  exit: Promise<unknown[]>;
}

async function start(t: ExecutionContext, example: string, ...args: string[]): Promise<Running> {
  const file = join(ROOT, 'examples', example, 'main.mjs');
  const child = spawn(process.execPath, ['--no-warnings', file, '--listen', '0', ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => void child.kill('SIGKILL'));
  const exit = once(child, 'exit');
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { child, port: Number(/:(\d+)/.exec(line)![1]), exit };
}

async function open(
  port: number,
): Promise<{ socket: net.Socket; text: () => string; end: Promise<void> }> {
  const socket = net.connect(port, '127.0.0.1');
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  const end = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  return { socket, text: () => text, end };
}

test('SIGTERM: a connection under way is served on, no other is accepted, and the process exits with 0', async (t) => {
  const { child, port, exit } = await start(t, 'echo', '--serve', 'lines', '--grace', '60000');
  const { socket, text, end } = await open(port);
  socket.write('ping\n');
  await until(() => text() === 'pong\n');
  child.kill('SIGTERM');
  await refused(port);
  socket.write('upper still here\nquit\n');
  await end;
  t.is(text(), 'pong\nSTILL HERE\n');
  t.deepEqual(await exit, [0, null]);
});

test('SIGTERM: what is not done when the grace is over is cancelled, and the process exits with 0', async (t) => {
  const { child, port, exit } = await start(t, 'echo', '--grace', '50');
  const { socket, text, end } = await open(port);
  socket.write('x');
  await until(() => text() === 'x');
  child.kill('SIGTERM');
  await end;
  t.deepEqual(await exit, [0, null]);
});

for (const variant of ['fibers', 'async', 'callbacks']) {
  test(`SIGTERM: the HTTP service with ${variant} answers what it was asked, and exits with 0`, async (t) => {
    const { child, port, exit } = await start(
      t,
      'services',
      '--variant',
      variant,
      '--grace',
      '30000',
    );
    const { socket, text, end } = await open(port);
    const body = '{"products":["p1","p2"]}';
    const head = `POST /orders HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n`;
    socket.write(head + body.slice(0, 5));
    // The request has arrived in part when a whole one, sent after it, is answered.
    t.is((await fetch(`http://127.0.0.1:${port}/products/p7`)).status, 200);
    child.kill('SIGTERM');
    await refused(port);
    socket.write(body.slice(5));
    await end;
    t.regex(text(), /^HTTP\/1\.1 201 Created\r\n[^]*"total":\d+/);
    t.deepEqual(await exit, [0, null]);
  });
}

test('the examples check what they are answered, and leave no task behind', async (t) => {
  const flags = ['--no-warnings'];
  const echo = await runChild('examples/echo/main.mjs', { flags, args: ['--clients', '50'] });
  t.deepEqual({ code: echo.code, stderr: echo.stderr }, { code: 0, stderr: '' });
  t.regex(echo.stdout, /bytes came back as they were sent\n150 lines were answered\n0 tasks left/);
  const services = await runChild('examples/services/main.mjs', {
    flags,
    args: ['--iterations', '40'],
  });
  t.deepEqual({ code: services.code, stderr: services.stderr }, { code: 0, stderr: '' });
  t.is(services.stdout.match(/200 requests, 240 of 240 checks hold/g)?.length, 3);
});

test('shutdown with a deadline cancels the tasks of the connections that are left, with an AbortError', async (t) => {
  await inTask(t, () => {
    const listener = listen(0, '127.0.0.1');
    const errors: unknown[] = [];
    const { port } = listener;
    group((g) => {
      const serving = g.spawn(() =>
        listener.serve((connection) => {
          try {
            connection.readLine();
            sleep(60_000);
          } catch (error) {
            errors.push(error);
            throw error;
          }
        }),
      );
      const connection = connect(port, '127.0.0.1');
      connection.write('x\n');
      sleep(20);
      listener.shutdown(20);
      serving.join(); // as if it had ended by itself
      connection.destroy();
    });
    t.is(errors.length, 1);
    t.true(errors[0] instanceof AbortError);
  });
});

test('shutdown refuses a grace that is no duration', async (t) => {
  const listener = await spawnTask(() => listen(0, '127.0.0.1'));
  for (const [grace, code] of [
    ['1s', 'ERR_FIBER_INVALID_ARG_TYPE'],
    [-1, 'ERR_FIBER_INVALID_ARG_VALUE'],
  ] as const) {
    const error = t.throws<FiberError>(() => listener.shutdown(grace as number));
    t.is<string, string>(error.code, code);
  }
  listener.shutdown();
  t.is(listener.address, null);
});

test('connections above the most that are served are dropped at once, and the others do not notice', async (t) => {
  await inTask(t, () => {
    const listener = listen({ port: 0, host: '127.0.0.1', maxConnections: 2 });
    const { port } = listener;
    const serving = spawnTask(() =>
      listener.serve((connection) => {
        for (const line of connection.lines()) connection.write(`${line}\n`);
      }),
    );
    const ask = (text: string) => {
      const connection = connect(port, '127.0.0.1');
      try {
        connection.write(`${text}\n`);
        return [connection, connection.readLine()] as const;
      } catch {
        return [connection, 'dropped'] as const;
      }
    };
    const [first, one] = ask('one');
    const [second, two] = ask('two');
    const [third, three] = ask('three');
    t.deepEqual([one, two], ['one', 'two']);
    t.true(three === null || three === 'dropped', String(three));
    third.destroy();
    first.write('again\n');
    t.is(first.readLine(), 'again');
    first.close();
    second.close();
    listener.shutdown();
    serving.join();
  });
});
