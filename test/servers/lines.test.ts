// The line protocol of examples/echo in its three styles.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { join } from 'node:path';

import test from 'ava';

import { ROOT } from '../docs/snippets';

/** Everything that is answered until the server ends the connection. */
async function converse(port: number, chunks: string[], end: boolean): Promise<string> {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true }).setNoDelay();
  let answer = '';
  socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
  socket.on('end', () => socket.destroy());
  socket.on('error', () => undefined);
  socket.setTimeout(20_000, () => {
    answer += '(no end)';
    socket.destroy();
  });
  const ended = once(socket, 'close');
  for (const chunk of chunks) {
    socket.write(chunk);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  if (end) socket.end();
  await ended;
  return answer;
}

for (const style of ['fibers', 'async', 'callbacks']) {
  test(`the line protocol with ${style}: lines are answered however they come, and no line ends the server`, async (t) => {
    const server = fork(join(ROOT, 'bench/connections/server.mjs'), [style, 'lines'], {
      execArgv: ['--expose-gc'],
    });
    t.teardown(() => void server.kill('SIGKILL'));
    const [{ port }] = (await once(server, 'message')) as [{ port: number }];
    const ask = (chunks: string[], end = false) => converse(port, chunks, end);

    t.is(
      await ask(['pi', 'ng\nupper grü', 'ße\r', '\nsum 1 2 3\nquit\nping\n']),
      'pong\nGRÜSSE\n6\n',
    );
    t.is(
      await ask(['reverse abc\nreverse de'], true),
      'cba\ned\n',
      'the last line may lack its end',
    );
    t.is(await ask(['quit'], true), '');
    t.is(await ask(['ping\n', `upper ${'x'.repeat(4090)}y\n`]), 'pong\n', 'too long');
    t.is(await ask(['ping\n', 'x'.repeat(5000)]), 'pong\n', 'too long, and not at its end yet');
    const odd = ['__proto__', 'constructor x', '\u2028', 'a\rb', ''];
    t.is(
      await ask([`${odd.join('\n')}\nquit\n`]),
      odd.map((line) => `no such command: ${/^\S*/.exec(line)![0]}\n`).join(''),
    );
    const many = await ask([`${'ping\n'.repeat(5000)}quit\n`]);
    t.is(many, 'pong\n'.repeat(5000));

    server.disconnect();
    t.deepEqual(await once(server, 'exit'), [0, null]);
  });
}
