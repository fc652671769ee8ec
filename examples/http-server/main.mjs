// npm start: serves this repository's documents in blocking style, shows where the requests sleep, and compares with the
// same service made of async functions. In a terminal it then goes on serving, with the inspector open, until Ctrl-C; elsewhere,
// unless told to --stay, it ends. `node examples/http-server/main.mjs --listen 8080` only serves.
import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { engine, Fiber, stats } from 'greenfiber';
import { asTable, compare } from './compare.mjs';
import { load, makeResult } from './load.mjs';
import { requests, serve } from './server.mjs';
import { stay } from './stay.mjs';

const { values } = parseArgs({
  options: {
    listen: { type: 'string' },
    stay: { type: 'boolean', default: process.stdin.isTTY && process.stdout.isTTY },
    count: { type: 'string' }, // requests to either service; else as many as there is time for
    clients: { type: 'string', default: '50' },
  },
});

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SECONDS = 4; // for each round of each service
const clients = Number(values.clients);

/** Looks at the sleeping requests every few milliseconds: how many there are, and inside what they sleep. */
function observe() {
  const seen = { samples: 0, most: 0, inside: new Map(), deepest: '' };
  const timer = setInterval(() => {
    seen.most = Math.max(seen.most, requests.size);
    for (const { stack } of requests) {
      seen.samples++;
      if (stack.length > seen.deepest.length) seen.deepest = stack;
      for (const builtin of new Set(stack.match(/(?<=at )(?:Array|JSON|String)\.\w+/g))) {
        seen.inside.set(builtin, (seen.inside.get(builtin) ?? 0) + 1);
      }
    }
  }, 20);
  return { seen, stop: () => clearInterval(timer) };
}

/** What it is about: requests asleep inside calls that nobody can write as async. */
async function show(base) {
  const result = makeResult();
  const delay = monitorEventLoopDelay({ resolution: 5 });
  const { seen, stop } = observe();
  delay.enable();
  try {
    await load(
      base,
      values.count ? { count: Number(values.count), clients } : { seconds: SECONDS, clients },
      result,
    );
  } finally {
    delay.disable();
    stop();
  }
  const answers = [...result.statuses].map(([status, count]) => `${count} x ${status}`).join(', ');
  const places = [...seen.inside].sort((a, b) => b[1] - a[1]);
  const share = (count) => `${Math.round((100 * count) / seen.samples)}%`;
  console.log(`${result.requests} requests from ${values.clients} clients: ${answers}`);
  console.log(
    `at most ${seen.most} requests asleep at once, on ${stats().stacks.total} stacks; ` +
      `event loop: longest delay ${(delay.max / 1e6).toFixed(0)} ms; ` +
      `${stats().alive} fibers left at the end`,
  );
  console.log(`\nlooked ${seen.samples} times at a sleeping request; it slept inside a call of`);
  for (const [builtin, count] of places) console.log(`  ${builtin.padEnd(16)} ${share(count)}`);
  const frames = seen.deepest.replaceAll(/file:\/\/.*\/(?=examples\/)/g, '');
  console.log(`\none of them:\n${frames}\n`);
}

async function sideBySide() {
  const options = values.count
    ? { rounds: 1, count: Number(values.count), clients }
    : { rounds: 2, seconds: SECONDS, clients };
  console.log('the same service twice, under the same load (client and server in this process):\n');
  console.log(asTable(await compare(ROOT, options)));
}

async function main() {
  new Fiber(() => undefined).resume(); // where fibers cannot run, this says why
  const server = serve(ROOT);
  server.listen(Number(values.listen ?? 0), '127.0.0.1');
  await once(server, 'listening');
  const base = `http://127.0.0.1:${server.address().port}`;
  console.log(`Node ${process.versions.node}, ${engine} engine; documents at ${base}/`);
  if (values.listen !== undefined) return;
  try {
    await show(base);
    await sideBySide();
    if (values.stay) await stay(server, base);
  } finally {
    await server.shutdown(1000);
  }
}

main().catch((error) => {
  console.error(`The example failed: ${error.cause?.message ?? error.message}`);
  process.exitCode = 1;
});
