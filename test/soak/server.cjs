// The server under test, on 127.0.0.1. Its parent tells it over IPC: { sleepers } puts so many fibers to sleep in
// place of those that sleep, { measure } collects garbage and answers what is in use. Ends when the channel closes.
'use strict';

const { AsyncLocalStorage } = require('node:async_hooks');
const { createHash } = require('node:crypto');
const { once } = require('node:events');
const { readdirSync } = require('node:fs');
const { Readable } = require('node:stream');
const { setTimeout: later } = require('node:timers/promises');
const { createGzip } = require('node:zlib');

const { TimeoutError, engine, sleep, stats, timeout, wait, yieldNow } = require('greenfiber');
const { buffer, createServer, send } = require('greenfiber/http');

const content = require('./content.cjs');
const database = require('./database.cjs');
const { putToSleep } = require('./sleepers.cjs');

const storage = new AsyncLocalStorage();
let select;
let sleepers;

let asked = 0;
const ask = (value) => {
  if (asked++ % 3 === 0) sleep(asked % 5);
  else yieldNow();
  return value;
};

function remembered(n) {
  return storage.run({ n }, () => {
    const inPromise = wait(later(n % 5).then(() => storage.getStore().n));
    const inSort = [3, 2, 1].sort((a, b) => ask(a - b)).map(() => ask(storage.getStore().n));
    return { inPromise, inSort, after: storage.getStore().n };
  });
}

function limited(n) {
  try {
    return timeout(n % 2 === 0 ? 5 : 60_000, () => (sleep(n % 2 === 0 ? 60_000 : 5), 'in time'));
  } catch (error) {
    if (error instanceof TimeoutError) return 'too late';
    throw error;
  }
}

const routes = {
  json: (n, _, response) => send(response, content.json(n, ask)),
  template: (n, _, response) => send(response, content.template(n, ask)),
  stream(n, request, response) {
    const gzip = createGzip();
    Readable.from(content.pieces(n, ask)).pipe(gzip).pipe(response);
    wait(once(response, 'close'));
  },
  database: (n, _, response) => send(response, select(n)),
  remembered: (n, _, response) => send(response, remembered(n)),
  limited: (n, _, response) => send(response, limited(n)),
  upload: (n, request, response) =>
    send(response, createHash('sha256').update(buffer(request)).digest('hex')),
  // Its clients leave.
  never: () => sleep(600_000),
};

const server = createServer((request, response) => {
  const [, route, n] = request.url.split('/');
  routes[route](Number(n), request, response);
});

async function measure() {
  server.closeIdleConnections();
  for (let i = 0; i < 10; i++) {
    globalThis.gc();
    await later(50);
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  const descriptors = readdirSync('/proc/self/fd').length;
  return { heapUsed, external, rss, descriptors, fibers: stats().alive, active: server.active };
}

const commands = {
  async sleepers({ count, most }) {
    sleepers?.cancel();
    await sleepers?.promise().catch(() => undefined);
    sleepers = count === 0 ? undefined : putToSleep(count, most);
    // Whoever cancels is told so.
    sleepers?.promise().catch(() => undefined);
  },
  measure,
};

process.on('message', async ({ command, ...rest }) => {
  process.send({ command, answer: await commands[command](rest) });
});
process.on('disconnect', () => process.exit());

(async () => {
  select = await database.open((id) => ask(id * 2));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  process.send({ command: 'listening', answer: { port: server.address().port, engine } });
})();
