// One server on all cores behind one port. Workers that end are replaced, and so are those that do not answer any more.
//
//   node examples/cluster/main.mjs [--port 3000] [--workers 4]
//
// SIGHUP replaces the workers one after the other, by programs as they are on the disk then, and no request fails. SIGTERM
// and SIGINT let what is under way be answered, and end.
import cluster from 'node:cluster';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '3000' },
    workers: { type: 'string', default: String(availableParallelism()) },
  },
});
const CHECK_MS = 2000;
/** A worker that has not answered for so long is taken for hung: its main thread spins. */
const SILENT_MS = 10_000;
/** A worker that cannot even start is not started again and again without a pause. */
const PAUSE_MS = 500;

cluster.setupPrimary({
  exec: fileURLToPath(new URL('worker.mjs', import.meta.url)),
  args: [values.port],
});
/** When each worker was last heard of. */
const heard = new Map();
/** Those that were asked to end. */
const leaving = new Set();
let stopping = false;

async function startWorker() {
  const worker = cluster.fork();
  heard.set(worker, Date.now());
  worker.on('message', () => heard.set(worker, Date.now()));
  worker.on('exit', () => void replace(worker));
  const [address] = await once(worker, 'listening');
  return address.port;
}

async function replace(worker) {
  heard.delete(worker);
  if (leaving.delete(worker) || stopping) return;
  if (worker.isConnected()) await once(worker, 'disconnect'); // until then it is given connections
  console.error(`worker ${worker.process.pid} ended, and is replaced`);
  await sleep(PAUSE_MS);
  if (!stopping) await startWorker();
}

async function stopWorker(worker) {
  if (!heard.has(worker)) return; // it has ended by itself
  leaving.add(worker);
  const exit = once(worker, 'exit');
  worker.send('stop');
  await exit;
}

async function restart() {
  for (const worker of [...heard.keys()]) {
    if (stopping) return;
    if (!heard.has(worker) || leaving.has(worker)) continue;
    await startWorker();
    await stopWorker(worker);
  }
  console.log('restarted');
}

async function stop() {
  if (stopping) return;
  stopping = true;
  clearInterval(checks);
  await Promise.all([...heard.keys()].filter((worker) => !leaving.has(worker)).map(stopWorker));
  console.log('stopped');
  process.exit();
}

const checks = setInterval(() => {
  for (const [worker, when] of heard) {
    if (Date.now() - when > SILENT_MS) worker.process.kill('SIGKILL');
    else if (worker.isConnected()) worker.send('check');
  }
}, CHECK_MS);

process.on('SIGHUP', () => void restart());
process.on('SIGTERM', () => void stop());
process.on('SIGINT', () => void stop());
const [port] = await Promise.all(Array.from({ length: Number(values.workers) }, startWorker));
console.log(`listening on port ${port} with ${values.workers} workers`);
