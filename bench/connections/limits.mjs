// How many connections a process may have open, and what to do when that is too few.
import { execFileSync } from 'node:child_process';

const SPARE_DESCRIPTORS = 200;
/** Ports that one local address has for its connections to one server, cautiously. */
export const PER_ADDRESS = 10_000;

function hardLimit() {
  const limit = execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).trim();
  return limit === 'unlimited' ? Infinity : Number(limit);
}

/** Throws when the server could not hold so many connections. Node raises the soft limit to the hard one by itself. */
export function checkLimits(each, limit = hardLimit()) {
  const connections = Math.ceil(each);
  const needed = connections + SPARE_DESCRIPTORS;
  if (limit >= needed) return;
  throw new Error(
    `${connections} connections need ${needed} file descriptors, and the hard limit is ${limit}: ` +
      `raise it (as root: prlimit --pid $$ --nofile=${needed}), use --servers 2, or fewer --connections`,
  );
}

/** The local addresses to connect from, each with its share and the server it is for: ports would run out on one. */
export function shares(connections, ports) {
  const all = [];
  const each = Math.ceil(connections / ports.length);
  for (const [index, port] of ports.entries()) {
    const own = Math.min(each, connections - index * each);
    for (let left = own; left > 0; left -= PER_ADDRESS) {
      const address = `127.0.0.${2 + all.length}`;
      all.push({ port, address, count: Math.min(left, PER_ADDRESS) });
    }
  }
  return all;
}
