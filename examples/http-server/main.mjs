// npm start: serves this repository's documents from fibers, sends the server a few hundred requests, and
// tells what happened. `node examples/http-server/main.mjs --listen 8080` serves them to a browser instead.
import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { engine, Fiber, stats } from 'greenfiber';
import { load } from './load.mjs';
import { requests, serve } from './server.mjs';

const { values } = parseArgs({
  options: {
    listen: { type: 'string' },
    count: { type: 'string', default: '800' },
    clients: { type: 'string', default: '50' },
  },
});

/** Looks at the sleeping requests every few milliseconds: how many there are, and inside what they sleep. */
function observe() {
  const seen = { samples: 0, most: 0, inside: new Map(), deepest: '' };
  const timer = setInterval(() => {
    seen.most = Math.max(seen.most, requests.size);
    for (const fiber of requests) {
      const { stack } = fiber;
      seen.samples++;
      if (stack.length > seen.deepest.length) seen.deepest = stack;
      for (const builtin of new Set(stack.match(/(?<=at )(?:Array|JSON|String)\.\w+/g))) {
        seen.inside.set(builtin, (seen.inside.get(builtin) ?? 0) + 1);
      }
    }
  }, 7);
  return { seen, stop: () => clearInterval(timer) };
}

function tell({ seconds, latency, statuses, bytes }, seen, delay) {
  const ms = (microseconds) => `${(microseconds / 1000).toFixed(1)} ms`;
  const answers = [...statuses].map(([status, count]) => `${count} x ${status}`).join(', ');
  const places = [...seen.inside].sort((a, b) => b[1] - a[1]);
  const share = (count) => `${Math.round((100 * count) / seen.samples)}%`;
  console.log(
    `${values.count} requests from ${values.clients} clients in ${seconds.toFixed(2)} s ` +
      `(${Math.round(values.count / seconds)} a second, ${(bytes / 1e6).toFixed(1)} MB): ${answers}`,
  );
  console.log(
    `latency: median ${ms(latency.percentile(50))}, 99% below ${ms(latency.percentile(99))}; ` +
      `event loop: longest delay ${ms(delay.max / 1000)}`,
  );
  console.log(
    `at most ${seen.most} requests asleep at once, on ${stats().stacks.total} stacks; ` +
      `${stats().alive} fibers left at the end`,
  );
  console.log(`\nlooked ${seen.samples} times at a sleeping request; it slept inside a call of`);
  for (const [builtin, count] of places) console.log(`  ${builtin.padEnd(16)} ${share(count)}`);
  console.log(`\none of them:\n${seen.deepest.replaceAll(/file:\/\/.*\/(?=examples\/)/g, '')}`);
}

async function main() {
  new Fiber(() => undefined).resume(); // where fibers cannot run, this says why
  const server = serve(fileURLToPath(new URL('../..', import.meta.url)));
  server.listen(Number(values.listen ?? 0), '127.0.0.1');
  await once(server, 'listening');
  const base = `http://127.0.0.1:${server.address().port}`;
  console.log(`Node ${process.versions.node}, ${engine} engine; documents at ${base}/`);
  if (values.listen !== undefined) return;

  const delay = monitorEventLoopDelay({ resolution: 5 });
  const { seen, stop } = observe();
  delay.enable();
  try {
    const counts = { count: Number(values.count), clients: Number(values.clients) };
    tell(await load(base, counts), seen, delay);
  } finally {
    delay.disable();
    stop();
    server.close();
    server.closeAllConnections();
  }
}

main().catch((error) => {
  console.error(`The example failed: ${error.cause?.message ?? error.message}`);
  process.exitCode = 1;
});
