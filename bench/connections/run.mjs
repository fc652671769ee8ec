// "30,000 connections" (Stackless): a TCP server with one fiber per connection, all open at once, each echoing now and
// then, against the same server with callbacks and with async functions. Every byte is checked. Then the other kind of
// peers: half of the connections are reset, some peers read nothing, some end their side, some send garbage and run; the
// rest has to be served as before, and everything to be given back at the end.
//
//   node bench/connections/run.mjs [--connections 30000] [--rounds 3] [--seconds 4] [--rate 4000] [--variants fibers,…]
//   node bench/connections/run.mjs --rounds 1 --seconds 120 --write      the full run, for docs/benchmarks
//
// With --protocol lines it is not echo, but the line protocol of examples/echo. --semi-space 128 gives the servers, all
// variants alike, that many MiB for V8's young generation: see docs/servers.md.
//
// Every run is a server and its clients in processes of their own; the variants are interleaved. Where a process may not
// have so many connections open, --servers 2 has the same server twice, each with half of them.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { table } from '../../scripts/lib/table.mjs';
import { summarize } from '../js/statistics.mjs';
import { checkLimits, shares } from './limits.mjs';

const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '30000' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '4' },
    rate: { type: 'string', default: '4000' },
    servers: { type: 'string', default: '1' },
    protocol: { type: 'string', default: 'echo' },
    'semi-space': { type: 'string' },
    hostile: { type: 'string', default: '200' },
    variants: { type: 'string', default: 'fibers,callbacks,async' },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const VARIANTS = values.variants.split(',');
const SEMI_SPACE = values['semi-space'];
const SERVER_FLAGS = [
  '--expose-gc',
  ...(SEMI_SPACE === undefined ? [] : [`--max-semi-space-size=${SEMI_SPACE}`]),
];
const BASE = { wrong: 0, lost: 0, unanswered: 0 };

const program = (name) => fileURLToPath(new URL(`${name}.mjs`, import.meta.url));

async function message(child) {
  const done = new AbortController();
  const { signal } = done;
  const ended = once(child, 'exit', { signal }).then(([code, by]) => {
    throw new Error(`a process ended: ${by ?? `exit code ${code}`}`);
  });
  ended.catch(() => undefined);
  try {
    return (await Promise.race([once(child, 'message', { signal }), ended]))[0];
  } finally {
    done.abort();
  }
}

async function ask(child, question) {
  const answer = message(child);
  child.send(question);
  return answer;
}

const toAll = (clients, order, options = {}) =>
  Promise.all(clients.map((client) => ask(client, { order, ...options })));

function verify(phase, answers) {
  for (const what of Object.keys(BASE)) {
    const count = answers.reduce((sum, answer) => sum + answer[what], 0);
    if (count > 0) throw new Error(`${phase}: ${count} ${what}`);
  }
}

/** What all servers answer, added up. */
async function sumOf(servers, question) {
  const answers = await Promise.all(servers.map((server) => ask(server, question)));
  const names = Object.keys(answers[0]);
  return Object.fromEntries(
    names.map((name) => [name, answers.reduce((sum, answer) => sum + answer[name], 0)]),
  );
}

/** The servers' connections and tasks, once they have come down to so many, or after some seconds. */
async function settled(servers, connections) {
  for (let i = 0; ; i++) {
    const state = await sumOf(servers, 'state');
    const isDone = state.connections <= connections && state.tasks <= connections + servers.length;
    if (isDone || i === 300) return state;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function abuse(servers, clients, connections) {
  const drive = {
    rate: Number(values.rate) / clients.length / 2,
    seconds: Math.min(10, Number(values.seconds)),
  };
  const gone = await toAll(clients, 'halve');
  const left = connections - gone.reduce((sum, answer) => sum + answer.gone, 0);
  await settled(servers, left);
  for (const kind of ['slowReaders', 'halfOpen', 'garbage']) {
    const count = Math.ceil(Number(values.hostile) / clients.length);
    await toAll(clients, 'hostile', { kind, count });
    verify(`with ${kind}`, await toAll(clients, 'trickle', drive));
  }
  await toAll(clients, 'endHostile');
  const { connections: rest } = await settled(servers, left);
  if (rest !== left) throw new Error(`${rest} connections are left of ${left}`);
  await toAll(clients, 'close');
  const end = await settled(servers, 0);
  if (end.connections !== 0 || end.tasks > servers.length)
    throw new Error(`left behind: ${JSON.stringify(end)}`);
}

async function run(variant, connections) {
  const servers = Array.from({ length: Number(values.servers) }, () =>
    fork(program('server'), [variant, values.protocol], { execArgv: SERVER_FLAGS }),
  );
  const ports = (await Promise.all(servers.map(message))).map(({ port }) => port);
  const { memory: before } = await sumOf(servers, 'memory');
  const clients = shares(connections, ports).map(({ port, address, count }) =>
    fork(program('client'), [port, count, address, values.protocol], { execArgv: [] }),
  );
  await Promise.all(clients.map(message));
  const { memory } = await sumOf(servers, 'memory');

  const drive = { rate: Number(values.rate) / clients.length, seconds: Number(values.seconds) };
  verify('warm-up', await toAll(clients, 'trickle', { ...drive, seconds: 1 }));
  const { cpu: idle } = await sumOf(servers, 'cpu');
  const answers = await toAll(clients, 'trickle', drive);
  const { cpu } = await sumOf(servers, 'cpu');
  verify('traffic', answers);
  const latencies = Float64Array.from(answers.flatMap((answer) => answer.latencies)).sort();
  await abuse(servers, clients, connections);

  for (const child of [...clients, ...servers]) child.disconnect();
  await Promise.all([...clients, ...servers].map((child) => once(child, 'exit')));
  const percentile = (share) => latencies[Math.floor(share * (latencies.length - 1))];
  return {
    'bytes each': (memory - before) / connections,
    'median, µs': percentile(0.5),
    '99 %, µs': percentile(0.99),
    '99.9 %, µs': percentile(0.999),
    'CPU per echo, µs': (cpu - idle) / latencies.length,
    'echoes a second': latencies.length / Number(values.seconds),
  };
}

const connections = Number(values.connections);
checkLimits((connections + Number(values.hostile)) / Number(values.servers));
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
const result = {
  node: process.versions.node,
  machine: `${os.cpus()[0].model.trim()}, ${os.cpus().length} processors`,
  load: os.loadavg()[0],
  date: new Date().toISOString().slice(0, 10),
  protocol: values.protocol,
  connections,
  servers: Number(values.servers),
  seconds: Number(values.seconds),
  rounds: Number(values.rounds),
  medians,
};
if (values.write) {
  const name = values.protocol === 'echo' ? 'connections' : `connections-${values.protocol}`;
  writeFileSync(inRoot(`docs/benchmarks/${name}.json`), `${JSON.stringify(result, null, 2)}\n`);
}
if (values.json) {
  console.log(JSON.stringify(result));
} else {
  const columns = Object.keys(medians[VARIANTS[0]]);
  const rows = Object.entries(medians).map(([variant, figures]) => [
    variant,
    ...columns.map((what) => figures[what].toFixed(what.startsWith('CPU') ? 1 : 0)),
  ]);
  console.log(
    `Node ${result.node}, ${values.protocol}, ${connections} connections for ${values.seconds} s, medians of ${values.rounds} runs; ` +
      'no connection was lost and no byte wrong, also while half were reset and others misbehaved\n',
  );
  console.log(table([['server', ...columns], ...rows]));
}
