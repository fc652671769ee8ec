// Node's HTTP parser is pooled and deleted by hand: what happens to it while a fiber sleeps in a handler below it.
import test from 'ava';

import { answerOf } from '../helpers/answer';
import { runChild } from '../helpers/child';

/** A server whose connections are streams of ours, and whose handler for /slow sleeps below the parser. */
const SERVER = `
  const http = require('node:http');
  const { Duplex } = require('node:stream');
  const { Fiber } = require('greenfiber');
  const turn = () => new Promise((resolve) => setTimeout(resolve, 5));
  const seen = [];
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk)).on('end', () => seen.push([request.url, body]));
    if (request.url === '/slow') Fiber.yield();
    response.end();
  });
  async function connect() {
    const socket = new Duplex({ read() {}, write(_chunk, _encoding, done) { done(); } });
    socket.on('error', () => {});
    server.emit('connection', socket);
    await turn();
    return socket;
  }
  const head = (url, length) => 'POST ' + url + ' HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: ' + length + '\\r\\n\\r\\n';
`;

test('a parser that a fiber is asleep in serves no other connection when its own is closed', async (t) => {
  const answer = await answerOf(
    t,
    `${SERVER}
    (async () => {
      const left = await connect();
      const fiber = new Fiber(() => left.push(head('/slow', 3) + 'abc' + head('/smuggled', 0)));
      fiber.resume();
      left.destroy();
      await turn();
      const next = await connect();
      next.push(head('/next', 10) + '12345');
      await turn();
      fiber.resume();
      next.push('67890');
      await turn();
      console.log(JSON.stringify(seen));
      process.exit();
    })();`,
  );
  t.deepEqual(answer, [['/next', '1234567890']]);
});

test('a parser is not deleted while a fiber is asleep in it', async (t) => {
  const exit = await runChild(`${SERVER}
    require('_http_common').parsers.max = 0;
    (async () => {
      const fibers = [];
      for (let i = 0; i < 50; i++) {
        const socket = await connect();
        const fiber = new Fiber(() => socket.push(head('/slow', 3) + 'abc' + head('/smuggled', 0)));
        fiber.resume();
        socket.destroy();
        fibers.push(fiber);
      }
      await turn();
      const junk = Array.from({ length: 2000 }, (_, i) => Buffer.alloc(8 * (i % 400) + 8, 65));
      gc();
      for (const fiber of fibers) fiber.resume();
      console.log(fibers.every((fiber) => fiber.done), junk.length);
      process.exit();
    })();`);
  t.is(exit.signal, null, exit.stderr);
  t.is(exit.stdout, 'true 2000\n', exit.stderr);
});
