// Opens a share of the connections of run.mjs and, when it is told to, sends a few bytes on one after the
// other at a steady rate: `node client.mjs PORT COUNT ADDRESS`. Answers with the latencies in microseconds, each from
// the moment when its bytes were due, so that a server that stalls is not measured less often.
import { once } from 'node:events';
import net from 'node:net';

const [port, count, localAddress] = process.argv.slice(2);
const AT_ONCE = 100;
const MESSAGE = Buffer.from('a few bytes, now and then');

const sockets = [];
const latencies = [];

async function open() {
  const socket = net.connect({ port: Number(port), host: '127.0.0.1', localAddress });
  await once(socket, 'connect');
  socket.setNoDelay(true);
  const connection = { socket, due: 0, received: 0 };
  socket.on('data', (chunk) => {
    connection.received += chunk.length;
    if (connection.received < MESSAGE.length) return;
    connection.received = 0;
    latencies.push(Math.round((performance.now() - connection.due) * 1000));
    connection.due = 0;
  });
  sockets.push(connection);
}

async function openShare() {
  let left = Number(count);
  const opener = async () => {
    while (left-- > 0) await open();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, opener));
}

async function drive({ rate, seconds }) {
  latencies.length = 0;
  let next = 0;
  let sent = 0;
  const start = performance.now();
  const end = start + seconds * 1000;
  for (let now = start; now < end; now = performance.now()) {
    for (; start + (sent * 1000) / rate <= now; sent++) {
      // 7919 is prime: neighbours in time are strangers in memory.
      next = (next + 7919) % sockets.length;
      const connection = sockets[next];
      if (connection.due !== 0) continue;
      connection.due = start + (sent * 1000) / rate;
      connection.socket.write(MESSAGE);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await new Promise((resolve) => setTimeout(resolve, 200));
  return latencies;
}

await openShare();
process.on('message', async (options) => process.send(await drive(options)));
process.on('disconnect', () => process.exit());
process.send('open');
