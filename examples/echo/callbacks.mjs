// The handlers of fibers.mjs with callbacks, for sockets of net.createServer({ allowHalfOpen: true }).
import { isTooLong, reply, splitLines } from './commands.mjs';

function write(socket, data) {
  if (!socket.write(data)) socket.pause().once('drain', () => socket.resume());
}

export function echo(socket) {
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => write(socket, chunk));
  socket.on('end', () => socket.destroySoon());
}

export function lines(socket) {
  let rest = '';
  let isOver = false;

  function answer(lines) {
    const answers = lines.map(reply);
    const last = answers.indexOf(undefined);
    if (last >= 0) isOver = true;
    write(socket, answers.slice(0, last >= 0 ? last : undefined).join(''));
  }

  socket.on('error', () => undefined);
  socket.setEncoding('utf8').on('data', (text) => {
    if (isOver) return;
    const next = splitLines(rest + text);
    rest = next.rest;
    answer(next.lines);
    if (isTooLong(rest)) isOver = true;
    if (isOver) socket.destroySoon();
  });
  socket.on('end', () => {
    if (!isOver && rest !== '') answer([rest]);
    socket.destroySoon();
  });
}
