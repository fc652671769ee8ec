// The line protocol: a command, and what it is about.
const commands = {
  __proto__: null, // whatever a line begins with
  ping: () => 'pong',
  upper: (text) => text.toUpperCase(),
  reverse: (text) => [...text].reverse().join(''),
  sum: (text) => String(text.split(' ').reduce((sum, number) => sum + Number(number), 0)),
};

/** Bytes. A line that is longer ends its connection. */
export const LONGEST_LINE = 4096;

export const isTooLong = (line) => Buffer.byteLength(line) > LONGEST_LINE;

/** What is answered to a line; undefined: the conversation is over. */
export function reply(line) {
  if (line === 'quit' || isTooLong(line)) return undefined;
  const [, name, text] = /^(\S*) ?([^]*)$/.exec(line);
  return `${commands[name]?.(text) ?? `no such command: ${name}`}\n`;
}

/** The lines of a text that are whole, and what there is of the next. */
export function splitLines(text) {
  const lines = text.split(/\r?\n/);
  return { rest: lines.pop(), lines };
}
