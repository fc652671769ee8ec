// The handlers of fibers.mjs with async functions, for sockets of net.createServer({ allowHalfOpen: true }).
import { once } from 'node:events';
import { isTooLong, reply, splitLines } from './commands.mjs';

async function write(socket, data) {
  if (!socket.write(data)) await once(socket, 'drain');
}

async function* linesOf(socket) {
  let rest = '';
  for await (const text of socket.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    const next = splitLines(rest + text);
    yield* next.lines;
    rest = next.rest;
    if (isTooLong(rest)) return;
  }
  if (rest !== '') yield rest;
}

const handler = (converse) => async (socket) => {
  socket.on('error', () => undefined); // also after the conversation
  try {
    await converse(socket);
    socket.destroySoon();
  } catch {
    socket.destroy();
  }
};

export const echo = handler(async (socket) => {
  for await (const chunk of socket) await write(socket, chunk);
});

export const lines = handler(async (socket) => {
  for await (const line of linesOf(socket)) {
    const answer = reply(line);
    if (answer === undefined) return;
    await write(socket, answer);
  }
});
