// Two servers with a fiber for every connection. Each handler is a loop that blocks where it reads and writes; a
// connection costs its task's stack, and a slow reader holds back nobody but itself. The same with async functions is in
// async.mjs, with callbacks in callbacks.mjs.
import { LONGEST_LINE, reply } from './commands.mjs';

/** Sends back what comes. */
export function echo(connection) {
  for (const chunk of connection) connection.write(chunk);
}

/** Answers a command a line, until `quit`. A line that is too long ends the connection. */
export function lines(connection) {
  for (const line of connection.lines(LONGEST_LINE)) {
    const answer = reply(line);
    if (answer === undefined) return;
    connection.write(answer);
  }
}
