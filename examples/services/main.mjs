// An HTTP service with a database and a cache, written three times: in blocking style, with async functions, with
// callbacks. `node examples/services/main.mjs` puts the same load on each; with --listen it serves one of them.
//
//   node examples/services/main.mjs --listen 3000 --variant fibers
//   npx greenfiber load examples/load/shop.ts --target http://127.0.0.1:3000/
//
// The database is SQLite, and the cache is in memory; with --store postgres they are PostgreSQL and Redis, at DATABASE_URL
// and REDIS_URL. SIGTERM lets the requests under way be answered for --grace milliseconds, cancels the rest, and exits
// with 0.
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { Catalogue } from './catalogue.mjs';

const HOST = '127.0.0.1';
const VARIANTS = ['fibers', 'async', 'callbacks'];
const STORES = ['sqlite', 'postgres'];
const { values } = parseArgs({
  options: {
    listen: { type: 'string' },
    variant: { type: 'string', default: 'fibers' },
    store: { type: 'string', default: 'sqlite' },
    iterations: { type: 'string', default: '200' },
    grace: { type: 'string', default: '5000' },
  },
});

/** Only what is chosen is loaded. */
function load(names, name) {
  if (!names.includes(name)) throw new Error(`there is no ${name}: ${names.join(', ')}`);
  return import(`./${name}.mjs`);
}

async function start(variant, port) {
  const { serve } = await load(VARIANTS, variant);
  const { open } = await load(STORES, values.store);
  const store = await open();
  const server = serve(new Catalogue(store));
  server.listen(port, HOST);
  await once(server, 'listening');
  const close = async (grace) => {
    if (server.shutdown) {
      await server.shutdown(grace);
    } else {
      setTimeout(() => server.closeAllConnections(), grace).unref();
      await new Promise((resolve) => server.close(resolve));
    }
    await store.close();
  };
  return { url: `http://${HOST}:${server.address().port}/`, library: store.library, close };
}

async function compare() {
  const { drive } = await import('./load.mjs');
  for (const variant of VARIANTS) {
    const { url, library, close } = await start(variant, 0);
    const { requests, passed, total, median } = await drive(url, Number(values.iterations));
    await close(1000);
    console.log(
      `${variant.padEnd(10)} ${library}: ${requests} requests, ` +
        `${passed} of ${total} checks hold, median ${median.toFixed(1)} ms`,
    );
    if (passed !== total) process.exitCode = 1;
  }
}

async function listen() {
  const { url, close } = await start(values.variant, Number(values.listen));
  console.log(`${values.variant} at ${url}`);
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.once(signal, () => close(Number(values.grace)));
  }
}

try {
  await (values.listen === undefined ? compare() : listen());
} catch (error) {
  console.error(`The example failed: ${error.message || error.code}`);
  process.exit(1); // whatever is open by then
}
