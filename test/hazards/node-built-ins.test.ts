// Parts of Node that call back into JavaScript or keep state of their own. All were found sound: they shall
// stay so.
import { execFileSync, spawnSync } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { performance, PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import zlib from 'node:zlib';

import test from 'ava';
import { Fiber } from 'greenfiber';

import { answerOf } from '../helpers/answer';

test('an HTTP server whose handlers sleep in fibers answers everybody', async (t) => {
  const server = http.createServer((request, response) => {
    const fiber = new Fiber(() => {
      response.end(`${request.url} ${Fiber.yield<string>()}`);
    });
    fiber.resume();
    setTimeout(() => fiber.resume('answered'), 2);
  });
  await once(server.listen(0), 'listening');
  const { port } = server.address() as AddressInfo;
  const get = async (path: string): Promise<string> => {
    const [response] = (await once(http.get({ port, path, agent: false }), 'response')) as [
      http.IncomingMessage,
    ];
    response.setEncoding('utf8');
    let text = '';
    for await (const chunk of response) text += String(chunk);
    return text;
  };
  const paths = Array.from({ length: 50 }, (_, i) => `/${i}`);
  t.deepEqual(
    await Promise.all(paths.map(get)),
    paths.map((path) => `${path} answered`),
  );
  server.close();
});

test('the HTTP parser may call a handler that yields', async (t) => {
  const answer = await answerOf(t, ({ Fiber }) => {
    const http = require('node:http') as typeof import('node:http');
    const { Duplex } = require('node:stream') as typeof import('node:stream');
    const order: string[] = [];
    const server = http.createServer((_, response) => {
      order.push('request');
      Fiber.yield();
      response.end('ok');
      order.push('response');
    });
    const socket = Object.assign(
      new Duplex({
        read: Boolean,
        write(_chunk, _encoding, done) {
          done();
        },
      }),
      { setTimeout: Boolean, remoteAddress: 'x' },
    );
    server.emit('connection', socket);
    const fiber = new Fiber(() =>
      socket.emit('data', Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n')),
    );
    fiber.resume();
    process.nextTick(() => order.push('tick'));
    setTimeout(() => {
      void Promise.resolve().then(() => order.push('microtask'));
      setTimeout(() => {
        fiber.resume();
        order.push('end');
        console.log(JSON.stringify(order));
        process.exit(0);
      }, 5);
    }, 1);
  });
  t.deepEqual(answer, ['request', 'tick', 'microtask', 'response', 'end']);
});

test('structuredClone of getters that yield, in two fibers', (t) => {
  const clone = (x: number) =>
    new Fiber(
      () =>
        structuredClone({
          get x() {
            return Fiber.yield<number | undefined>() ?? x;
          },
        }).x,
    );
  const fibers = [clone(5), clone(6)];
  for (const fiber of fibers) fiber.resume();
  gc!();
  t.deepEqual(
    fibers.map((fiber) => fiber.resume()),
    [5, 6],
  );
});

test('postMessage of a getter that yields sends when it is through', (t) => {
  const { port1, port2 } = new MessageChannel();
  const fiber = new Fiber(() =>
    port1.postMessage({
      get x() {
        return Fiber.yield<number | undefined>() ?? 5;
      },
    }),
  );
  fiber.resume();
  port1.postMessage('plain');
  fiber.resume();
  t.deepEqual(
    [receiveMessageOnPort(port2), receiveMessageOnPort(port2)],
    [{ message: 'plain' }, { message: { x: 5 } }],
  );
  port1.close();
});

test('zlib, synchronous and not', async (t) => {
  const input = Buffer.alloc(1e5, 'ab');
  const fiber = new Fiber<Promise<Buffer>, number, Buffer>(() => {
    const packed = zlib.gzipSync(input);
    const unpacked = Fiber.yield<Buffer>(
      new Promise<Buffer>((resolve, reject) => {
        zlib.gunzip(packed, (error, result) => (error ? reject(error) : resolve(result)));
      }),
    );
    return zlib.gunzipSync(zlib.gzipSync(unpacked)).length;
  });
  t.is(fiber.resume(await (fiber.resume() as Promise<Buffer>)), 1e5);
});

test('child processes, waited for and not', (t) => {
  const fiber = new Fiber(() => {
    const first = execFileSync('/bin/echo', ['one'], { encoding: 'utf8' }).trim();
    Fiber.yield();
    return first + spawnSync('/bin/echo', ['two'], { encoding: 'utf8' }).stdout.trim();
  });
  fiber.resume();
  t.is(execFileSync('/bin/echo', ['main'], { encoding: 'utf8' }), 'main\n');
  t.is(fiber.resume(), 'onetwo');
});

test('signals are handled between the turns of a fiber', async (t) => {
  const answer = await answerOf(t, ({ Fiber }) => {
    const seen: string[] = [];
    const fiber = new Fiber(() => {
      for (;;) seen.push(Fiber.yield<string>());
    });
    fiber.resume();
    process.on('SIGUSR2', () => {
      fiber.resume('signal');
      clearInterval(timer);
      console.log(JSON.stringify(seen.includes('signal')));
    });
    const timer = setInterval(() => fiber.resume('turn'), 1);
    setTimeout(() => process.kill(process.pid, 'SIGUSR2'), 10);
  });
  t.true(answer);
});

test('unhandled rejections made in a fiber are reported, each once', async (t) => {
  const answer = await answerOf(t, ({ Fiber }) => {
    const seen: string[] = [];
    process.on('unhandledRejection', (error) => seen.push((error as Error).message));
    const fiber = new Fiber(() => {
      void Promise.reject(new Error('first'));
      Promise.reject(new Error('handled')).catch(() => undefined);
      Fiber.yield();
      void Promise.reject(new Error('second'));
    });
    fiber.resume();
    setTimeout(() => {
      fiber.resume();
      setTimeout(() => console.log(JSON.stringify(seen)), 5);
    }, 5);
  });
  t.deepEqual(answer, ['first', 'second']);
});

test('event emitters whose listeners yield', (t) => {
  const emitter = new EventEmitter();
  const seen: unknown[] = [];
  emitter.on('event', (value) => seen.push(value, Fiber.yield()));
  emitter.once('event', () => seen.push('once'));
  const fibers = ['a', 'b'].map((name) => new Fiber(() => emitter.emit('event', name)));
  for (const fiber of fibers) fiber.resume();
  for (const fiber of fibers) fiber.resume('resumed');
  t.deepEqual(seen, ['a', 'resumed', 'once', 'b', 'resumed']);
});

test('performance marks, timerify and the loop utilization', (t) => {
  const observer = new PerformanceObserver(() => undefined);
  observer.observe({ entryTypes: ['gc', 'function', 'measure'] });
  const timed = performance.timerify((x: number) => {
    Fiber.yield();
    return x;
  });
  const fiber = new Fiber(() => {
    performance.mark('begin');
    const answer = timed(3);
    performance.measure('all', 'begin');
    gc!();
    return answer;
  });
  fiber.resume();
  gc!();
  t.is(fiber.resume(), 3);
  t.true(performance.eventLoopUtilization().utilization >= 0);
  observer.disconnect();
});

test('timers made in a fiber fire, and those it clears do not', async (t) => {
  const fired: string[] = [];
  const fiber = new Fiber(() => {
    const timer = setTimeout(() => fired.push('cleared'), 5);
    setTimeout(() => fired.push('timeout'), 1);
    setImmediate(() => fired.push('immediate'));
    Fiber.yield();
    clearTimeout(timer);
  });
  fiber.resume();
  fiber.resume();
  await delay(20);
  t.deepEqual(fired.sort(), ['immediate', 'timeout']);
});

test('the permission model holds in fibers', async (t) => {
  const root = join(__dirname, '../..');
  // Looking for the binary reads more than the package.
  const { path } = require('node-gyp-build') as { path: (folder: string) => string };
  const binding = process.env['GREENFIBER_BINDING'] ?? path(root);
  const readable = binding.startsWith(root) ? [root] : [root, dirname(binding)];
  const flag =
    Number(process.versions.node.split('.')[0]) >= 24
      ? '--permission'
      : '--experimental-permission';
  const answer = await answerOf(
    t,
    ({ Fiber }) => {
      const fiber = new Fiber(() => {
        Fiber.yield();
        try {
          return (require('node:fs') as typeof import('node:fs')).readFileSync(
            '/etc/hostname',
            'utf8',
          );
        } catch (error) {
          return (error as NodeJS.ErrnoException).code;
        }
      });
      fiber.resume();
      console.log(JSON.stringify(fiber.resume()));
    },
    {
      flags: [flag, ...readable.map((folder) => `--allow-fs-read=${folder}/*`), '--allow-addons'],
      env: { GREENFIBER_BINDING: binding },
    },
  );
  t.is(answer, 'ERR_ACCESS_DENIED');
});
