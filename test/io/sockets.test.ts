// Real sockets, all on the loopback address.
import { once } from 'node:events';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

import test from 'ava';
import { abortable, group, Scheduler, sleep, timeout, yieldNow } from 'greenfiber';
import { connect, Connection, LengthPrefixed, listen } from 'greenfiber/io';

import { refused } from '../helpers/codes';
import { caught, inTask } from '../helpers/in-task';
import { echo, HOST, talk } from '../helpers/talk';

test('a client and a server talk line by line', (t) =>
  inTask(t, () => {
    talk(
      (connection) => {
        for (const line of connection.lines()) connection.write(`${line.toUpperCase()}\n`);
      },
      (port) => {
        const connection = connect(port, HOST);
        connection.write('hello\nwo');
        t.is(connection.readLine(), 'HELLO');
        connection.write('rld\n');
        t.is(connection.readLine(), 'WORLD');
        connection.close();
        t.true(connection.socket.destroyed);
      },
    );
  }));

test('frames of a megabyte go both ways at once, whatever the buffers', (t) =>
  inTask(t, () => {
    const framing = new LengthPrefixed();
    const frame = Buffer.alloc(1 << 20, 'frame ');
    talk(
      (connection) => {
        for (const received of connection.frames(framing)) connection.writeFrame(framing, received);
      },
      (port) => {
        const connection = connect(port, HOST);
        group((g) => {
          g.spawn(() => {
            for (let i = 0; i < 10; i++) connection.writeFrame(framing, frame);
            connection.end();
          });
          let count = 0;
          for (const answer of connection.frames(framing)) {
            if (frame.equals(answer)) count++;
          }
          t.is(count, 10);
        });
        connection.close();
      },
    );
  }));

test('a half-open socket: the answer comes after the end of the question', (t) =>
  inTask(t, () => {
    talk(
      (connection) => {
        const question = connection.readAll().toString();
        t.is(connection.read(), null);
        sleep(5);
        connection.write(`answer to ${question}`);
      },
      (port) => {
        const connection = connect(port, HOST);
        connection.write('question');
        connection.end();
        t.is(connection.readAll().toString(), 'answer to question');
        refused(t, 'ERR_STREAM_ENDED', () => connection.write('more'));
        connection.close();
      },
    );
  }));

test('a peer that does not read stops the writer, and cancelling it breaks nothing', (t) =>
  inTask(t, () => {
    talk(
      (connection) => {
        sleep(50);
        connection.write(String(connection.readAll().length));
      },
      (port) => {
        const connection = connect(port, HOST);
        const chunk = Buffer.alloc(1 << 18);
        let written = 0;
        refused(t, 'ERR_TIMEOUT', () =>
          timeout(20, () => {
            for (;;) {
              connection.write(chunk);
              written += chunk.length;
            }
          }),
        );
        t.true(connection.socket.writableLength < 2 * chunk.length, 'unbounded buffering');
        connection.end();
        t.is(Number(connection.readAll().toString()), written);
        connection.close();
      },
    );
  }));

test('what arrives while nobody reads stays bounded', (t) =>
  inTask(t, () => {
    const listener = listen(0, HOST);
    const client = net.connect(listener.port, HOST);
    client.on('error', () => undefined);
    const flood = (): void => {
      while (client.write(Buffer.alloc(1 << 16)));
    };
    client.on('drain', flood);
    flood();
    const connection = listener.accept()!;
    t.truthy(connection.read());
    sleep(50);
    t.true(connection.socket.readableLength <= 1 << 18); // what one read of the kernel's may add
    t.is(connection.reader.buffered, 0);
    client.destroy();
    connection.destroy();
    listener.close();
  }));

test('a reset by the peer is thrown at the read and the write', (t) =>
  inTask(t, () => {
    const listener = listen(0, HOST);
    const client = net.connect(listener.port, HOST);
    const connection = listener.accept()!;
    client.resetAndDestroy();
    t.is((caught(() => connection.read()) as NodeJS.ErrnoException).code, 'ECONNRESET');
    t.is((caught(() => connection.write('x')) as NodeJS.ErrnoException).code, 'ECONNRESET');
    t.is((caught(() => connection.close()) as NodeJS.ErrnoException).code, 'ECONNRESET');
    listener.close();
  }));

test('destroy in the middle wakes the reader and the writer', (t) =>
  inTask(t, () => {
    talk(
      () => sleep(1e6),
      (port, listener) => {
        const connection = connect(port, HOST);
        group((g) => {
          g.spawn(() => refused(t, 'ERR_STREAM_PREMATURE_CLOSE', () => connection.read()));
          g.spawn(() =>
            refused(t, 'ERR_STREAM_PREMATURE_CLOSE', () => {
              for (;;) connection.write(Buffer.alloc(1 << 20));
            }),
          );
          sleep(5);
          connection.destroy();
        });
        refused(t, 'ERR_STREAM_PREMATURE_CLOSE', () => connection.read());
        listener.server.close();
        throw new Error('enough'); // cancels the handler
      },
    );
  }).then(
    () => t.fail(),
    (error: unknown) => t.is((error as Error).message, 'enough'),
  ));

test('nobody listens: the error is thrown at connect', (t) =>
  inTask(t, () => {
    const listener = listen(0, HOST);
    const { port } = listener;
    listener.close();
    t.is((caught(() => connect(port, HOST)) as NodeJS.ErrnoException).code, 'ECONNREFUSED');
  }));

test('a port that is taken: the error is thrown at listen', (t) =>
  inTask(t, () => {
    using listener = listen(0, HOST);
    const { port } = listener;
    t.is((caught(() => listen({ port, host: HOST })) as NodeJS.ErrnoException).code, 'EADDRINUSE');
  }));

test('a Unix socket works as well', (t) =>
  inTask(t, () => {
    const file = path.join(os.tmpdir(), `greenfiber-${process.pid}-${Date.now()}.sock`);
    const listener = listen({ path: file });
    t.is(listener.address, file);
    t.is(listener.port, 0);
    group((g) => {
      g.spawn(() => listener.serve(echo));
      const connection = connect({ path: file });
      connection.write('x');
      t.is(connection.read()?.toString(), 'x');
      connection.close();
      listener.close();
    });
  }));

test('a cancelled connect gives the socket up', (t) =>
  inTask(t, () => {
    const listener = listen(0, HOST);
    const controller = new AbortController();
    const reason = new Error('changed my mind');
    process.nextTick(() => {
      controller.abort(reason);
    });
    t.is(
      caught(() => abortable(controller.signal, () => connect(listener.port, HOST))),
      reason,
    );
    t.is(
      caught(() => abortable(controller.signal, () => listen(0, HOST))),
      reason,
    );
    listener.close();
  }));

test('a thousand connections at once, each with a task of its own', (t) =>
  inTask(t, () => {
    talk(
      (connection) => {
        for (const line of connection.lines()) connection.write(`${line}!\n`);
      },
      (port) => {
        group((g) => {
          for (let number = 0; number < 1000; number++) {
            g.spawn(() => {
              const connection = connect(port, HOST);
              for (let round = 0; round < 3; round++) {
                connection.write(`${number}.${round}\n`);
                if (connection.readLine() !== `${number}.${round}!`) t.fail();
                yieldNow();
              }
              connection.close();
            });
          }
        });
        t.pass();
      },
    );
  }));

test('a socket of anybody can become a connection', async (t) => {
  const server = net.createServer((socket) => socket.end('from callbacks')).listen(0, HOST);
  await once(server, 'listening');
  await inTask(t, () => {
    const socket = net.connect((server.address() as net.AddressInfo).port, HOST);
    using connection = new Connection(socket);
    t.is(connection.readAll().toString(), 'from callbacks');
  });
  server.close();
});

test('bad arguments are told by name', (t) =>
  inTask(t, () => {
    refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => connect(undefined as never));
    refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => connect(1, 2 as never));
    refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => listen('80' as never));
    refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () => listen({ port: 0, maxPending: -1 }));
    refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () => listen({ port: 0, maxConnections: 0 }));
    refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () => listen(-1, HOST));
    refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () => connect(65_536, HOST));
    const listener = listen(0, HOST);
    refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => listener.serve(1 as never));
    refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => listener.serve(echo, { onError: 1 as never }));
    listener.close();
  }));

test('outside of tasks nothing blocks', (t) => {
  refused(t, 'ERR_FIBER_NOT_IN_FIBER', () => connect(1, HOST));
  refused(t, 'ERR_FIBER_NOT_IN_FIBER', () => listen(0, HOST));
  t.is(Scheduler.default.stats().alive, 0);
});
