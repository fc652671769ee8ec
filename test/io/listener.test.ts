// Listeners: who gets a connection, and how serving ends.

import test from 'ava';
import { group, sleep, spawn, yieldNow } from 'greenfiber';
import { connect, Connection, LengthPrefixed, listen } from 'greenfiber/io';

import { refused } from '../helpers/codes';
import { caught, inTask } from '../helpers/in-task';
import { echo, HOST, talk } from '../helpers/talk';

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
