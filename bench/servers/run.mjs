// The HTTP service of examples/services in its three styles, over PostgreSQL and Redis, and over SQLite and a cache in the
// process: throughput, latency, and processor time of the service, side by side.
//
//   node bench/servers/databases.mjs --install     once, as root
//   node bench/servers/run.mjs [--rounds 7] [--seconds 4] [--connections 64] [--store postgres,sqlite] [--write]
//
// Each service is a process of its own; wrk drives one after the other, in turns, so a machine that slows down slows all
// of them down. It sends the next request of a connection when the last is answered: latencies are those of a service
// that is asked as much as it can answer. Before, the services have to answer some requests alike.
import { deepStrictEqual } from 'node:assert';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { fail } from '../../scripts/lib/run.mjs';
import { markdownTable, table } from '../../scripts/lib/table.mjs';
import { replaceGenerated } from '../js/generated.mjs';
import { summarize } from '../js/statistics.mjs';
import { answersOf } from './answers.mjs';
import { withDatabases } from './databases.mjs';
import { startService } from './service.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '4' },
    connections: { type: 'string', default: '64' },
    store: { type: 'string', default: 'postgres,sqlite' },
    write: { type: 'boolean', default: false },
  },
});
const VARIANTS = ['fibers', 'async', 'callbacks'];
const SECONDS = Number(values.seconds);
const WARM_UP_SECONDS = Math.min(2, SECONDS);
const MIX = fileURLToPath(new URL('mix.lua', import.meta.url));
const MS = { us: 1e-3, ms: 1, s: 1000, m: 60_000 };
const run = promisify(execFile);

async function drive(service, seconds) {
  const before = service.cpu();
  const args = ['-t1', '--timeout', '30s', '--latency', `-c${values.connections}`, `-d${seconds}s`];
  const { stdout } = await run('wrk', [...args, '-s', MIX, service.url]);
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`${service.variant}\n${stdout}`);
  const read = (pattern) => {
    const found = pattern.exec(stdout);
    if (found === null) throw new Error(`wrk does not say ${pattern}\n${stdout}`);
    return found;
  };
  const latency = (share) => {
    const [, number, unit] = read(new RegExp(`^\\s*${share}%\\s+([\\d.]+)(us|ms|s|m)\\b`, 'm'));
    return Number(number) * MS[unit];
  };
  return {
    rate: Number(read(/Requests\/sec:\s+([\d.]+)/)[1]),
    p50: latency(50),
    p99: latency(99),
    cpu: (service.cpu() - before) / Number(read(/(\d+) requests in/)[1]),
  };
}

/** Throws unless all answer the same; how errors are worded is the style's own. */
async function verify(services) {
  const answers = [];
  for (const { url } of services) {
    const all = await answersOf(url);
    answers.push(all.map((answer) => (answer.status < 400 ? answer : { status: answer.status })));
  }
  for (const other of answers) deepStrictEqual(other, answers[0]);
}

async function compare(store, env) {
  const services = [];
  try {
    for (const variant of VARIANTS) services.push(await startService(variant, store, { env }));
    await verify(services);
    const samples = Object.fromEntries(VARIANTS.map((variant) => [variant, []]));
    for (const service of services) await drive(service, WARM_UP_SECONDS);
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const service of round % 2 === 0 ? services : services.toReversed()) {
        samples[service.variant].push(await drive(service, SECONDS));
      }
    }
    return Object.fromEntries(
      Object.entries(samples).map(([variant, rounds]) => [variant, summarizeAll(rounds)]),
    );
  } finally {
    for (const { child } of services) child.kill('SIGTERM');
    await Promise.all(services.map(({ exit }) => exit));
  }
}

const summarizeAll = (rounds) =>
  Object.fromEntries(
    Object.keys(rounds[0]).map((what) => [what, summarize(rounds.map((round) => round[what]))]),
  );

/** A row a style; the ratio is that of the medians. */
function rowsOf(variants) {
  const ratio = (variant, what) =>
    (variants[variant][what].median / variants.async[what].median).toFixed(2);
  return [
    [
      'style',
      'requests/s',
      'spread',
      '× async',
      'median',
      '99 %',
      '× async',
      'CPU a request',
      '× async',
    ],
    ...Object.entries(variants).map(([variant, { rate, p50, p99, cpu }]) => [
      variant,
      rate.median.toFixed(0),
      `${(100 * rate.spread).toFixed(0)} %`,
      ratio(variant, 'rate'),
      `${p50.median.toFixed(1)} ms`,
      `${p99.median.toFixed(1)} ms`,
      ratio(variant, 'p99'),
      `${cpu.median.toFixed(0)} µs`,
      ratio(variant, 'cpu'),
    ]),
  ];
}

const titleOf = (store, { versions }) =>
  store === 'postgres'
    ? `PostgreSQL ${versions.postgres} and Redis ${versions.redis}`
    : 'SQLite on a thread of the service, and a cache in the service';

async function main() {
  const names = values.store.split(',');
  const load = os.loadavg()[0];
  const stores = {};
  let versions;
  if (names.includes('postgres')) {
    await withDatabases(async (databases) => {
      ({ versions } = databases);
      stores.postgres = await compare('postgres', databases.env);
    });
  }
  if (names.includes('sqlite')) stores.sqlite = await compare('sqlite');

  const result = {
    node: process.versions.node,
    machine: `${os.cpus()[0].model.trim()}, ${os.cpus().length} processors`,
    load,
    date: new Date().toISOString().slice(0, 10),
    connections: Number(values.connections),
    seconds: SECONDS,
    rounds: Number(values.rounds),
    versions,
    stores,
  };
  const how =
    `Node ${result.node}, ${result.machine}, load ${load.toFixed(1)} before; ${result.connections} connections, ` +
    `medians of ${result.rounds} rounds of ${result.seconds} s`;
  console.log(how);
  for (const [store, variants] of Object.entries(stores)) {
    console.log(`\n${titleOf(store, result)}\n\n${table(rowsOf(variants))}`);
  }
  if (values.write) {
    const file = inRoot('docs/benchmarks/servers.json');
    writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
    const tables = Object.entries(stores).map(
      ([store, variants]) => `${titleOf(store, result)}:\n\n${markdownTable(rowsOf(variants))}`,
    );
    await replaceGenerated('docs/servers.md', {
      'three styles': [`${how}.`, ...tables].join('\n\n'),
    });
  }
}

await main().catch((error) => fail(error.message));
