// The server, as it would be without a cluster: each request is a task, and one that spins is ended alone.
import cluster from 'node:cluster';

import { sleep } from 'greenfiber';
import { createServer, HttpError, send } from 'greenfiber/http';
import { metrics, metricsContentType } from 'greenfiber/inspect';

const GRACE_MS = 10_000;
let stopping = false;

const pages = {
  '/': () => ({ worker: process.pid }),
  '/slow': () => {
    sleep(200); // a database, say
    return { worker: process.pid };
  },
};

const server = createServer(
  (request, response) => {
    const { url } = request;
    if (url === '/health')
      return send(response, stopping ? 'stopping' : 'ok', { status: stopping ? 503 : 200 });
    if (url === '/metrics') {
      return send(response, metrics(), { headers: { 'content-type': metricsContentType } });
    }
    const page = pages[url];
    if (page === undefined) throw new HttpError(404, 'There is no such page');
    return send(response, page());
  },
  { cpuLimit: 1000, handlerTimeout: 30_000 },
);

async function stop() {
  if (stopping) return;
  stopping = true;
  await server.shutdown(GRACE_MS);
  // Not process.exit(): a connection that the primary has handed to us meanwhile would be lost. This gives it back, and
  // then nothing keeps the process.
  cluster.worker?.disconnect();
}

process.on('message', (message) => {
  if (message === 'stop') void stop();
  else if (process.connected) process.send('alive');
});
// These are for the primary, which tells its workers; a terminal sends SIGINT to all of them.
process.on('SIGINT', () => undefined);
process.on('SIGHUP', () => undefined);
process.on('SIGTERM', () => void stop());
server.listen(Number(process.argv[2]));
