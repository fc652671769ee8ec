// "30,000 connections" (Stackless): a TCP server with one fiber per connection, all open, each echoing now and then,
// against the same server with callbacks and with async functions. Bytes per connection, latency percentiles, and
// the processor time of the server per echo.
//
//   node bench/connections/run.mjs [--connections 30000] [--rounds 3] [--seconds 4] [--rate 4000]
//
// Every run is a server and its clients in processes of their own; the variants are interleaved. A process may
// open no more connections than its limit of file descriptors allows (`ulimit -n`), so the number is cut to that.
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { table } from '../../scripts/lib/table.mjs';
import { summarize } from '../js/statistics.mjs';

const VARIANTS = ['fibers', 'callbacks', 'async'];
const SPARE_DESCRIPTORS = 200;
/** Ports that one local address has for its connections to one server, cautiously. */
const PER_ADDRESS = 10_000;

const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '30000' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '4' },
    rate: { type: 'string', default: '4000' },
    json: { type: 'boolean', default: false },
  },
});

function possible(wanted) {
  const limit = execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).trim();
  if (limit === 'unlimited') return wanted;
  return Math.min(wanted, Number(limit) - SPARE_DESCRIPTORS);
}

const program = (name) => fileURLToPath(new URL(`${name}.mjs`, import.meta.url));

const message = async (child) => {
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`a process ended: ${signal ?? `exit code ${code}`}`);
  });
  ended.catch(() => undefined);
  return (await Promise.race([once(child, 'message'), ended]))[0];
};

async function ask(child, question) {
  child.send(question);
  return message(child);
}

function openClients(port, connections) {
  const clients = [];
  for (let left = connections; left > 0; left -= PER_ADDRESS) {
    const share = Math.min(left, PER_ADDRESS);
    const address = `127.0.0.${2 + clients.length}`;
    clients.push(fork(program('client'), [port, share, address], { execArgv: [] }));
  }
  return clients;
}

async function run(variant, connections) {
  const server = fork(program('server'), [variant], { execArgv: ['--expose-gc'] });
  const { port } = await message(server);
  const before = await ask(server, 'memory');
  const clients = openClients(port, connections);
  await Promise.all(clients.map(message));
  const after = await ask(server, 'memory');

  const drive = { rate: Number(values.rate) / clients.length, seconds: Number(values.seconds) };
  await Promise.all(clients.map((client) => ask(client, { ...drive, seconds: 1 }))); // warm-up
  const { cpu: idle } = await ask(server, 'cpu');
  const latencies = (await Promise.all(clients.map((client) => ask(client, drive)))).flat();
  const { cpu } = await ask(server, 'cpu');

  for (const child of [...clients, server]) child.disconnect();
  await Promise.all([...clients, server].map((child) => once(child, 'exit')));
  latencies.sort((a, b) => a - b);
  const percentile = (share) => latencies[Math.floor(share * (latencies.length - 1))];
  return {
    'bytes each': (after.memory - before.memory) / connections,
    'median, µs': percentile(0.5),
    '99 %, µs': percentile(0.99),
    '99.9 %, µs': percentile(0.999),
    'CPU per echo, µs': (cpu - idle) / latencies.length,
    echoes: latencies.length,
  };
}

const connections = possible(Number(values.connections));
const samples = new Map(VARIANTS.map((variant) => [variant, []]));
for (let round = 0; round < Number(values.rounds); round++) {
  for (const variant of VARIANTS) samples.get(variant).push(await run(variant, connections));
}

const medians = Object.fromEntries(
  [...samples].map(([variant, runs]) => [
    variant,
    Object.fromEntries(
      Object.keys(runs[0]).map((what) => [what, summarize(runs.map((one) => one[what])).median]),
    ),
  ]),
);
if (values.json) {
  console.log(JSON.stringify({ node: process.versions.node, connections, medians }));
} else {
  const columns = Object.keys(medians.fibers);
  const rows = Object.entries(medians).map(([variant, figures]) => [
    variant,
    ...columns.map((what) => figures[what].toFixed(what.startsWith('CPU') ? 1 : 0)),
  ]);
  console.log(
    `Node ${process.versions.node}, ${connections} connections, medians of ${values.rounds} runs\n`,
  );
  console.log(table([['server', ...columns], ...rows]));
}
