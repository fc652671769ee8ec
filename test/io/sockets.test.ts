// Real sockets, all on the loopback address.
import { once } from 'node:events';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

import test from 'ava';
import { abortable, group, Scheduler, sleep, spawn, timeout, yieldNow } from 'greenfiber';
import { connect, Connection, LengthPrefixed, listen, type Listener } from 'greenfiber/io';

import { refused } from '../helpers/codes';
import { caught, inTask } from '../helpers/in-task';

const HOST = '127.0.0.1';

/** Lets `client` talk to a server whose connections `handler` answers; both in tasks. */
function talk(
  handler: (connection: Connection) => unknown,
  client: (port: number, listener: Listener) => void,
): void {
  // A thousand clients may connect before the event loop gets its turn.
  const listener = listen({ port: 0, host: HOST, backlog: 2000 });
  group((g) => {
    g.spawn(() => listener.serve(handler));
    try {
      client(listener.port, listener);
    } finally {
      listener.close();
    }
  });
}

const echo = (connection: Connection): void => {
  for (const chunk of connection) connection.write(chunk);
};

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

test('accept takes connections in order, and a cancelled one takes none', (t) =>
  inTask(t, () => {
    const listener = listen(0, HOST);
    group((g) => {
      const cancelled = g.spawn(() => listener.accept());
      const accepted = g.spawn(() => listener.accept());
      yieldNow();
      cancelled.cancel();
      const client = connect(listener.port, HOST);
      t.is(accepted.join()?.socket.remotePort, client.socket.localPort);
      t.truthy(caught(() => cancelled.join()));
      accepted.join()?.close();
      client.close();
    });
    listener.close();
    t.is(listener.accept(), null);
    t.deepEqual([...listener], []);
  }));

test('connections that nobody accepts wait, unread, up to a limit', (t) =>
  inTask(t, () => {
    const listener = listen({ port: 0, host: HOST, maxPending: 2 });
    const clients = [1, 2, 3].map(() => connect(listener.port, HOST));
    for (const client of clients) client.write('hello');
    t.is(caught(() => clients[2]?.readAll().length) ?? 0, 0, 'the third is dropped');
    const accepted = [listener.accept(), listener.accept()];
    t.deepEqual(
      accepted.map((connection) => connection?.readExactly(5)?.toString()),
      ['hello', 'hello'],
    );
    listener.close();
    for (const connection of [...clients, ...accepted]) connection?.destroy();
  }));

test('closing a listener wakes whoever accepts, and destroys who was not accepted', (t) =>
  inTask(t, () => {
    const listener = listen(0, HOST);
    group((g) => {
      const acceptor = g.spawn(() => listener.accept());
      sleep(1);
      listener.close();
      t.is(acceptor.join(), null);
    });
    const other = listen(0, HOST);
    const client = connect(other.port, HOST);
    sleep(5);
    other.close();
    t.is(client.read(), null);
    client.destroy();
  }));

test('serve and accept exclude each other', (t) =>
  inTask(t, () => {
    const listener = listen(0, HOST);
    group((g) => {
      g.spawn(() => listener.serve(echo));
      yieldNow();
      refused(t, 'ERR_STREAM_BUSY', () => listener.accept());
      refused(t, 'ERR_STREAM_BUSY', () => listener.serve(echo));
      listener.close();
    });
    const other = listen(0, HOST);
    group((g) => {
      g.spawn(() => other.accept());
      yieldNow();
      refused(t, 'ERR_STREAM_BUSY', () => other.serve(echo));
      other.close();
    });
    listener.serve(echo); // closed: nothing to do
  }));

test('serve ends after close, when the connections under way have ended', (t) =>
  inTask(t, () => {
    const listener = listen(0, HOST);
    const steps: string[] = [];
    group((g) => {
      g.spawn(() => {
        listener.serve((connection) => {
          connection.write(connection.readLine() ?? '');
          steps.push('answered');
        });
        steps.push('served');
      });
      const client = connect(listener.port, HOST);
      sleep(1);
      listener.close();
      client.write('late\n');
      t.is(client.readAll().toString(), 'late');
      client.close();
    });
    t.deepEqual(steps, ['answered', 'served']);
  }));

test('a peer that breaks the protocol or resets ends its own connection, and no other', (t) =>
  inTask(t, () => {
    const framing = new LengthPrefixed({ maxLength: 10 });
    talk(
      (connection) => {
        for (const frame of connection.frames(framing)) connection.writeFrame(framing, frame);
      },
      (port) => {
        const good = connect(port, HOST);
        const tooLong = connect(port, HOST);
        tooLong.write(Buffer.of(1, 0, 0, 0));
        t.is(caught(() => tooLong.readAll().length) ?? 0, 0);
        const cutOff = connect(port, HOST);
        cutOff.write(Buffer.of(0, 0, 0, 5, 1));
        cutOff.end();
        t.is(caught(() => cutOff.readAll().length) ?? 0, 0);
        const reset = connect(port, HOST);
        reset.socket.resetAndDestroy();
        sleep(5);
        good.writeFrame(framing, Buffer.from('fine'));
        t.is(good.readFrame(framing)?.toString(), 'fine');
        for (const connection of [good, tooLong, cutOff, reset]) connection.destroy();
      },
    );
  }));

test("a handler's error ends serve, unless onError takes it", (t) =>
  inTask(t, () => {
    const bug = new Error('bug');
    const handler = (connection: Connection): void => {
      if (connection.readLine() === 'fail') throw bug;
      connection.write('fine\n');
    };
    const listener = listen(0, HOST);
    const failing = caught(() =>
      group((g) => {
        g.spawn(() => listener.serve(handler));
        const client = connect(listener.port, HOST);
        client.write('fail\n');
        client.readAll();
        sleep(1e6); // until the group is cancelled
      }),
    );
    t.is(failing, bug);
    t.is(listener.address, null);

    const tolerant = listen(0, HOST);
    const seen: unknown[] = [];
    group((g) => {
      g.spawn(() => tolerant.serve(handler, { onError: (error) => seen.push(error) }));
      const client = connect(tolerant.port, HOST);
      client.write('fail\n');
      t.is(caught(() => client.readAll().length) ?? 0, 0);
      const next = connect(tolerant.port, HOST);
      next.write('ok\n');
      t.is(next.readLine(), 'fine');
      client.destroy();
      next.close();
      tolerant.close();
    });
    t.deepEqual(seen, [bug]);
  }));

test('cancelling serve closes the listener and every connection', (t) =>
  inTask(t, () => {
    const listener = listen(0, HOST);
    let ended = 0;
    const server = spawn(() =>
      listener.serve((connection) => {
        try {
          connection.read();
        } finally {
          ended++;
        }
      }),
    );
    const clients = Array.from({ length: 5 }, () => connect(listener.port, HOST));
    sleep(5);
    server.cancel();
    t.is((caught(() => server.join()) as Error).name, 'AbortError');
    t.is(ended, 5);
    t.is(listener.address, null);
    for (const client of clients) {
      t.falsy(caught(() => client.read()) ?? null);
      client.destroy();
    }
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
    t.is((caught(() => listen(-1, HOST)) as NodeJS.ErrnoException).code, 'ERR_SOCKET_BAD_PORT');
    t.is((caught(() => connect(-1, HOST)) as NodeJS.ErrnoException).code, 'ERR_SOCKET_BAD_PORT');
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
