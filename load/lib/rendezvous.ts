import net from 'node:net';

import { FiberError } from 'greenfiber';
import { messageOf, wrongValue } from 'greenfiber/lowlevel';

import type { Part } from './part';

/** Between two attempts to reach the first shard, in milliseconds. */
const AGAIN = 250;
/** Longer greetings are none. */
const MOST = 1024;

/** Where shards meet before the load begins, and for how long they wait for each other. */
export interface Rendezvous {
  readonly host: string;
  readonly port: number;
  /** Milliseconds. */
  readonly patience: number;
}

/** @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_VALUE` */
export function checkRendezvous(name: string, text: string, patience: number): Rendezvous {
  const [, host, port] = /^\[?([^[\]]+?)\]?:(\d{1,5})$/.exec(text) ?? [];
  if (host !== undefined && Number(port) >= 1 && Number(port) <= 65_535) {
    return { host, port: Number(port), patience };
  }
  throw wrongValue(name, 'the host and a port of the first shard, such as "10.0.0.1:7000"', text);
}

/**
 * Waits until all shards are ready to begin: the first one listens, the others come to it, and when the last one is there
 * all are told to go. No clocks are compared, only a word is awaited: shards begin within the time that it takes.
 *
 * @param plan - what they are to do, in a few words that are the same for all
 * @throws {@link FiberError} `ERR_LOAD_RENDEZVOUS` when somebody does not come, comes twice or has another plan
 */
export async function meet(
  rendezvous: Rendezvous,
  part: Part,
  plan: string,
  signal: AbortSignal,
): Promise<void> {
  if (part.count === 1) return;
  const patience = new AbortController();
  const timer = setTimeout(() => {
    patience.abort();
  }, rendezvous.patience);
  const end = AbortSignal.any([signal, patience.signal]);
  try {
    if (part.index === 0) await receive(rendezvous, part, plan, end);
    else await join(rendezvous, part, plan, end);
  } catch (error) {
    if (signal.aborted) return; // the run ends, and says so itself
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

const failed = (what: string, cause?: unknown): FiberError =>
  new FiberError('ERR_LOAD_RENDEZVOUS', `The shards did not meet: ${what}`, { cause });

async function receive(
  { port }: Rendezvous,
  { count }: Part,
  plan: string,
  end: AbortSignal,
): Promise<void> {
  const come = new Map<number, net.Socket>();
  const all: net.Socket[] = [];
  const server = net.createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      const refuse = (socket: net.Socket, what: string): void => {
        for (const each of [socket, ...come.values()]) each.end(`no ${what}\n`);
        reject(failed(what));
      };
      if (end.aborted) reject(failed('the run was told to end'));
      end.addEventListener('abort', () => {
        const missing = Array.from({ length: count - 1 }, (_, index) => index + 2).filter(
          (number) => !come.has(number - 1),
        );
        reject(failed(`of ${String(count)} shards, ${missing.join(', ')} did not come`));
      });
      server.once('error', (error) => {
        reject(failed(messageOf(error), error));
      });
      server.on('connection', (socket) => {
        all.push(socket);
        socket.on('error', () => undefined);
        readLine(socket, (line) => {
          const [, number, total, other] = /^(\d+)\/(\d+) (.*)$/.exec(line) ?? [];
          const index = Number(number) - 1;
          if (number === undefined)
            socket.destroy(); // somebody else
          else if (other !== plan || Number(total) !== count) {
            refuse(socket, `shard ${number} of ${String(total)} has another plan`);
          } else if (come.has(index) || index < 1 || index >= count) {
            refuse(socket, `shard ${number} came twice`);
          } else {
            come.set(index, socket);
            socket.once('close', () => come.delete(index));
            if (come.size === count - 1) resolve();
          }
        });
      });
      server.listen(port);
    });
    for (const socket of come.values()) socket.end('go\n');
  } finally {
    server.close();
    // What was written still goes out.
    for (const socket of all) socket.destroySoon();
  }
}

async function join(
  { host, port }: Rendezvous,
  { index, count }: Part,
  plan: string,
  end: AbortSignal,
): Promise<void> {
  let last: unknown = new Error('nobody answered');
  while (!end.aborted) {
    try {
      const answer = await ask(host, port, `${String(index + 1)}/${String(count)} ${plan}\n`, end);
      if (answer === 'go') return;
      throw failed(answer.replace(/^no /, ''));
    } catch (error) {
      if (error instanceof FiberError) throw error;
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN));
  }
  throw failed(`the first one at ${host}:${String(port)}: ${messageOf(last)}`, last);
}

/** A line, and the one that answers it. */
async function ask(host: string, port: number, line: string, end: AbortSignal): Promise<string> {
  const socket = net.connect({ host, port, signal: end });
  try {
    return await new Promise<string>((resolve, reject) => {
      socket.once('error', reject).once('close', () => {
        reject(new Error('it hung up'));
      });
      readLine(socket, resolve);
      socket.write(line);
    });
  } finally {
    socket.destroy();
  }
}

function readLine(socket: net.Socket, onLine: (line: string) => void): void {
  let text = '';
  const read = (chunk: string): void => {
    text += chunk;
    const end = text.indexOf('\n');
    if (end < 0 && text.length < MOST) return;
    socket.off('data', read);
    onLine(text.slice(0, Math.max(0, end)));
  };
  socket.setEncoding('utf8').on('data', read);
}
