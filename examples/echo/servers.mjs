// Two servers with a fiber for every connection. Each handler is a loop that blocks where it reads and writes; a
// connection costs its task's stack, and a slow reader holds back nobody but itself.

/** Sends back what comes. */
export function echo(connection) {
  for (const chunk of connection) connection.write(chunk);
}

const commands = {
  ping: () => 'pong',
  upper: (text) => text.toUpperCase(),
  reverse: (text) => [...text].reverse().join(''),
  sum: (text) => String(text.split(' ').reduce((sum, number) => sum + Number(number), 0)),
};

const LONGEST_LINE = 4096;

/** Answers a command a line, until `quit`. A line that is too long ends the connection: see `onError` in main.mjs. */
export function lines(connection) {
  for (const line of connection.lines(LONGEST_LINE)) {
    const [, name, text] = /^(\S*) ?(.*)$/.exec(line);
    if (name === 'quit') return;
    connection.write(`${commands[name]?.(text) ?? `no such command: ${name}`}\n`);
  }
}
