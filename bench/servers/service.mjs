// One variant of examples/services, in a process of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { inRoot } from '../../scripts/lib/paths.mjs';

const MICROSECONDS_PER_TICK = 10_000; // USER_HZ of x86-64

export async function startService(
  variant,
  store,
  { env = {}, args = [], stderr = 'inherit' } = {},
) {
  const chosen = ['--listen', '0', '--variant', variant, '--store', store];
  const program = [process.execPath, '--no-warnings', inRoot('examples/services/main.mjs')];
  // It ends with this process, in order.
  const child = spawn('setpriv', ['--pdeathsig=TERM', '--', ...program, ...chosen, ...args], {
    stdio: ['ignore', 'pipe', stderr],
    env: { ...process.env, ...env },
  });
  const exit = once(child, 'exit');
  const lines = createInterface(child.stdout);
  const [line] = await Promise.race([
    once(lines, 'line'),
    exit.then(([code, signal]) => {
      throw new Error(`the service with ${variant} ended: ${signal ?? `exit code ${code}`}`);
    }),
  ]);
  return {
    variant,
    child,
    exit,
    url: / at (\S+)$/.exec(line)[1],
    /** Microseconds of processor time, of all threads. */
    cpu() {
      const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
      const [user, system] = stat
        .slice(stat.lastIndexOf(')') + 2)
        .split(' ')
        .slice(11, 13);
      return (Number(user) + Number(system)) * MICROSECONDS_PER_TICK;
    },
  };
}
