// Clients of an echo server, or of one with a line protocol, that are told what to do and check every byte: well-behaved
// ones, and the other kind.
import { once } from 'node:events';
import net from 'node:net';

const AT_ONCE = 100;

/** What is sent to be answered with something that no other connection and no other time would be; and that. */
const PROTOCOLS = {
  echo: (mark) => [mark, mark],
  lines: (mark) => [`upper ${mark}\n`, `${mark.toUpperCase()}\n`],
};

/** An open connection that knows what it has sent, and complains of every byte that comes back otherwise. */
export class EchoClient {
  /** What is still to come back, with when it was due. */
  #expected = [];
  #offset = 0;
  #serial = 0;
  lost = false;
  wrong = 0;
  received = 0;

  constructor(socket, id, onEcho, protocol) {
    this.socket = socket;
    this.id = id;
    this.protocol = PROTOCOLS[protocol];
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => (this.lost = true));
    socket.on('data', (chunk) => this.#check(chunk, onEcho));
  }

  get waits() {
    return this.#expected.length > 0;
  }

  send(due) {
    const [sent, expected] = this.protocol(`c${this.id}:${this.#serial++};`.padEnd(24, '.'));
    this.#expected.push({ bytes: Buffer.from(expected), due });
    this.socket.write(sent);
  }

  #check(chunk, onEcho) {
    this.received += chunk.length;
    for (let at = 0; at < chunk.length;) {
      const [next] = this.#expected;
      if (next === undefined) {
        this.wrong += chunk.length - at;
        return;
      }
      const count = Math.min(next.bytes.length - this.#offset, chunk.length - at);
      if (next.bytes.compare(chunk, at, at + count, this.#offset, this.#offset + count) !== 0) {
        this.wrong += count;
      }
      at += count;
      this.#offset += count;
      if (this.#offset < next.bytes.length) return;
      this.#offset = 0;
      this.#expected.shift();
      onEcho(next.due);
    }
  }
}

export async function connect(port, localAddress) {
  const socket = net.connect({ port, host: '127.0.0.1', localAddress });
  await once(socket, 'connect');
  return socket;
}

/** Opens `count` connections, some at a time. */
export async function openAll(port, count, localAddress, onEcho, protocol = 'echo') {
  const clients = [];
  let left = count;
  const opener = async () => {
    while (left-- > 0) {
      const socket = await connect(port, localAddress);
      clients.push(new EchoClient(socket, `${localAddress}-${clients.length}`, onEcho, protocol));
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, opener));
  return clients;
}

/** Sends on one connection after the other at a steady rate, for so long; waits until all has come back. */
export async function trickle(clients, { rate, seconds, patience = 30 }) {
  const start = performance.now();
  const end = start + seconds * 1000;
  let next = 0;
  let sent = 0;
  for (let now = start; now < end; now = performance.now()) {
    for (; start + (sent * 1000) / rate <= now; sent++) {
      // 7919 is prime: neighbours in time are strangers in memory.
      next = (next + 7919) % clients.length;
      clients[next].send(start + (sent * 1000) / rate);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const deadline = performance.now() + patience * 1000;
  while (clients.some((client) => client.waits && !client.lost) && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return sent;
}

/** What went wrong with those that behaved. */
export function account(clients) {
  return {
    lost: clients.filter(({ lost }) => lost).length,
    wrong: clients.reduce((sum, { wrong }) => sum + wrong, 0),
    unanswered: clients.filter(({ waits }) => waits).length,
  };
}

/** What peers do that are not what one hopes for. Each answers how to end it. */
export const hostile = {
  /** Ask for much and read nothing: the server's writes have to wait. */
  async slowReaders(port, count, localAddress) {
    const sockets = await openSome(port, count, localAddress);
    const much = Buffer.alloc(1 << 20, 's');
    for (const socket of sockets) {
      socket.pause();
      socket.write(much);
    }
    return () => sockets.forEach((socket) => socket.destroy());
  },

  /** Say that they are done, and keep their side open for what comes. */
  async halfOpen(port, count, localAddress) {
    const sockets = await openSome(port, count, localAddress, { allowHalfOpen: true });
    for (const socket of sockets) {
      socket.resume();
      socket.end('the last words');
    }
    return () => sockets.forEach((socket) => socket.destroy());
  },

  /** Come, send what is no protocol's, and are gone, again and again. */
  async garbage(port, count, localAddress) {
    for (let i = 0; i < count; i++) {
      const [socket] = await openSome(port, 1, localAddress);
      const junk = Buffer.from(
        Array.from({ length: 1 + (i % 997) }, (_, k) => (i * 31 + k * 17) & 255),
      );
      socket.write(junk);
      if (i % 2) socket.resetAndDestroy();
      else socket.destroy();
    }
    return () => undefined;
  },
};

async function openSome(port, count, localAddress, options = {}) {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const socket = net.connect({ port, host: '127.0.0.1', localAddress, ...options });
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      return socket;
    }),
  );
}
