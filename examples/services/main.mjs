// An HTTP service with a database and a cache, written three times: in blocking style, with async functions, with
// callbacks. `node examples/services/main.mjs` puts the same load on each; with --listen it serves one of them.
//
//   node examples/services/main.mjs --listen 3000 --variant fibers
//   npx greenfiber load examples/load/shop.ts --target http://127.0.0.1:3000/
//
// SIGTERM lets the requests under way be answered for --grace milliseconds, cancels the rest, and exits with 0.
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { spawn } from 'greenfiber';
import { check, http, registryOf, run, vu } from 'greenfiber/load';
import { Catalogue } from './catalogue.mjs';
import { Database } from './database.mjs';

const HOST = '127.0.0.1';
const VARIANTS = ['fibers', 'async', 'callbacks'];
const { values } = parseArgs({
  options: {
    listen: { type: 'string' },
    variant: { type: 'string', default: 'fibers' },
    iterations: { type: 'string', default: '200' },
    grace: { type: 'string', default: '5000' },
  },
});

async function start(variant, port) {
  const { serve } = await import(`./${variant}.mjs`);
  const database = await Database.open();
  const server = serve(new Catalogue(database));
  server.listen(port, HOST);
  await once(server, 'listening');
  const close = async (grace) => {
    if (server.shutdown) {
      await server.shutdown(grace);
    } else {
      setTimeout(() => server.closeAllConnections(), grace).unref();
      await new Promise((resolve) => server.close(resolve));
    }
    await database.close();
  };
  return { url: `http://${HOST}:${server.address().port}/`, library: database.library, close };
}

const scenario = {
  setup: () => http.get('/products').json().products,
  default: (ids) => {
    const picked = [1, 2, 3].map((step) => ids[(vu().id * 7 + vu().iteration * step) % ids.length]);
    for (const id of picked) {
      const found = http.get(`/products/${id}`, { name: '/products/:id' });
      check(found, { 'is the product': (response) => response.json().id === id });
    }
    const ordered = http.post('/orders', { products: picked });
    check(ordered, {
      'is ordered': ({ status }) => status === 201,
      'adds up': (response) => {
        const { total, lines } = response.json();
        return total === lines.reduce((sum, { price }) => sum + price, 0);
      },
    });
    check(http.get('/products/none', { name: '/products/none' }), {
      'is not there': ({ status }) => status === 404,
    });
  },
};

async function drive(variant) {
  const { url, library, close } = await start(variant, 0);
  const options = { target: url, vus: 20, iterations: Number(values.iterations), duration: '5m' };
  const results = await spawn(() => run(scenario, options));
  await close(1000);
  const { metrics } = registryOf(results);
  const { passed, total } = metrics.get('checks').total();
  const { histogram } = metrics.get('http_req_duration').total();
  console.log(
    `${variant.padEnd(10)} ${library}: ${metrics.get('http_reqs').total().sum} requests, ` +
      `${passed} of ${total} checks hold, median ${histogram.percentile(50).toFixed(1)} ms`,
  );
  if (passed !== total) process.exitCode = 1;
}

if (values.listen === undefined) {
  for (const variant of VARIANTS) await drive(variant);
} else {
  const { url, close } = await start(values.variant, Number(values.listen));
  console.log(`${values.variant} at ${url}`);
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.once(signal, () => close(Number(values.grace)));
  }
}
