// The store, and its protocol: one command a line, one answer a line.
import { sleep } from 'greenfiber';

const entries = new Map();

const commands = {
  get: (key) => entries.get(key) ?? '(nothing)',
  set: (key, ...words) => {
    entries.set(key, words.join(' '));
    return 'ok';
  },
  keys: () => [...entries.keys()].sort().join(' '),
  /** Sleeps until there is a value: the connection waits, and nobody else does. */
  await: (key) => {
    while (!entries.has(key)) sleep(5);
    return entries.get(key);
  },
};

/** Answers the commands of one client until it ends its side, or says `quit`. */
export function serve(connection) {
  for (const line of connection.lines(1000)) {
    const [name, ...args] = line.split(' ');
    if (name === 'quit') break;
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    connection.write(`${command ? command(...args) : `no such command: ${name}`}\n`);
  }
}
