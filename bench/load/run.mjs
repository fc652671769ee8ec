// The load generator measured: `greenfiber load`, autocannon, and undici by its leanest interface,
// in turns on the same server, one processor each; latencies of `greenfiber load` and of wrk at the same rate; and what
// an idle virtual user costs.
//
//   node bench/load/run.mjs [--rounds 7] [--seconds 5] [--connections 50] [--users 20000] [--write]
//
// The server is server.c, built with cc when it is run, so that the generator is what limits the rate. For the latencies a
// server of node:http answers after 10 to 30 ms: what wrk's connections can do then is a rate, which greenfiber is given.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { table } from '../../scripts/lib/table.mjs';
import { summarize } from '../js/statistics.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '50' },
    users: { type: 'string', default: '20000' },
    write: { type: 'boolean', default: false },
  },
});
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const run = promisify(execFile);
const CLI = inRoot('load/dist/cli.js');

async function startServer(command, args) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout, 'data');
  return { url: `http://127.0.0.1:${Number(String(line))}/`, end: () => child.kill() };
}

async function startFastServer() {
  const file = path.join(mkdtempSync(path.join(os.tmpdir(), 'greenfiber-load-')), 'server');
  execFileSync('cc', ['-O2', '-D_GNU_SOURCE', '-o', file, here('server.c')]);
  return startServer(file, []);
}

async function greenfiber(url, ...args) {
  const all = [CLI, 'load', url, '--duration', `${values.seconds}s`, '-q', '--json', '-', ...args];
  const { stdout } = await run(process.execPath, all, { maxBuffer: 1 << 28 });
  const { registryOf } = await import('greenfiber-load');
  const results = JSON.parse(stdout);
  const { metrics } = registryOf(results);
  const { passed } = metrics.get('http_req_failed').total();
  if (passed > 0) throw new Error(`${passed} requests failed`);
  return {
    rate: metrics.get('http_reqs').total().sum / results.seconds,
    latency: metrics.get('http_req_duration').total().histogram,
  };
}

async function autocannon(url) {
  const args = ['-c', values.connections, '-d', values.seconds, '--json', url];
  const { stdout } = await run(process.execPath, [
    inRoot('node_modules/autocannon/autocannon.js'),
    ...args,
  ]);
  const { requests, duration, errors, non2xx } = JSON.parse(stdout);
  if (errors + non2xx > 0) throw new Error(`${errors + non2xx} requests failed`);
  return { rate: requests.total / duration };
}

async function bareUndici(url) {
  const args = [here('undici.mjs'), url, values.connections, values.seconds];
  const { stdout } = await run(process.execPath, args);
  return { rate: Number(stdout) };
}

async function compareRates() {
  const server = await startFastServer();
  const rates = { greenfiber: [], autocannon: [], undici: [] };
  try {
    for (let round = 0; round < Number(values.rounds); round++) {
      rates.greenfiber.push((await greenfiber(server.url, '--vus', values.connections)).rate);
      rates.autocannon.push((await autocannon(server.url)).rate);
      rates.undici.push((await bareUndici(server.url)).rate);
    }
  } finally {
    server.end();
  }
  const median = Object.fromEntries(
    Object.entries(rates).map(([name, all]) => [name, summarize(all).median]),
  );
  const best = Object.fromEntries(
    Object.entries(rates).map(([name, all]) => [name, Math.max(...all)]),
  );
  return {
    median,
    best,
    'ratio of medians': median.greenfiber / median.autocannon,
    'ratio of the best': best.greenfiber / best.autocannon,
    'bare undici, ratio of medians': median.undici / median.autocannon,
  };
}

const SHARES = ['50', '75', '90', '99'];
const inMs = (text) => {
  const [, number, unit] = /([\d.]+)(us|ms|s)/.exec(text);
  return Number(number) * { us: 1e-3, ms: 1, s: 1000 }[unit];
};

async function compareLatencies() {
  const server = await startServer(process.execPath, [here('slow-server.mjs')]);
  try {
    const args = [
      '-t1',
      `-c${values.connections}`,
      `-d${values.seconds}s`,
      '--latency',
      server.url,
    ];
    const { stdout } = await run('wrk', args);
    const rate = Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)[1]);
    const { latency } = await greenfiber(server.url, '--rate', String(Math.round(rate)));
    return {
      rate,
      percentiles: SHARES.map((share) => {
        const wrk = inMs(new RegExp(`^\\s*${share}%\\s+(\\S+)`, 'm').exec(stdout)[1]);
        const own = latency.percentile(Number(share));
        return { share: Number(share), wrk, greenfiber: own, ratio: own / wrk };
      }),
    };
  } finally {
    server.end();
  }
}

async function idleUsers() {
  const { stdout } = await run(process.execPath, [
    '--expose-gc',
    here('idle-users.mjs'),
    values.users,
  ]);
  return JSON.parse(stdout);
}

const result = {
  node: process.versions.node,
  machine: `${os.cpus()[0].model.trim()}, ${os.cpus().length} processors`,
  load: os.loadavg()[0],
  date: new Date().toISOString().slice(0, 10),
  rates: await compareRates(),
  latencies: await compareLatencies(),
  idle: await idleUsers(),
};
if (values.write) {
  writeFileSync(inRoot('docs/benchmarks/load.json'), `${JSON.stringify(result, null, 2)}\n`);
}
const { rates, latencies, idle } = result;
console.log(`Node ${result.node}, ${result.machine}, load ${result.load.toFixed(1)}\n`);
console.log(
  table([
    ['requests a second', 'greenfiber', 'bare undici', 'autocannon', 'ratio', 'at least 1.00'],
    ...['median', 'best'].map((what) => [
      what,
      rates[what].greenfiber.toFixed(0),
      rates[what].undici.toFixed(0),
      rates[what].autocannon.toFixed(0),
      (rates[what].greenfiber / rates[what].autocannon).toFixed(2),
      rates[what].greenfiber >= rates[what].autocannon ? 'pass' : 'falls short',
    ]),
  ]),
);
console.log(
  `\n${table([
    [`latency at ${latencies.rate.toFixed(0)}/s, ms`, 'wrk', 'greenfiber', 'ratio', 'within 5%'],
    ...latencies.percentiles.map(({ share, wrk, greenfiber: own, ratio }) => [
      `p${share}`,
      wrk.toFixed(2),
      own.toFixed(2),
      ratio.toFixed(3),
      Math.abs(ratio - 1) <= 0.05 ? 'pass' : 'falls short',
    ]),
  ])}`,
);
console.log(
  `\n${idle.users} idle users: ${idle.bytes.toFixed(0)} bytes each, ` +
    `${idle.bytes <= 8192 ? 'pass' : 'falls short'} (at most 8192)`,
);
