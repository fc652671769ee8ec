// HTTP requests per second: handlers that block in fibers against async handlers, on the same server of node:http,
// driven by wrk. Each variant is a process of its own; the runs are interleaved, so a machine that slows down
// slows all of them down. Prints the medians and their ratios to async's, of requests a second and of the processor time
// that a request took, which a busy machine disturbs less. `bare` is the least that a fiber can cost: see handlers.mjs.
//
//   node bench/http/run.mjs [--rounds 9] [--seconds 3] [--connections 64] [--work lookup|plain]
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { table } from '../../scripts/lib/table.mjs';
import { summarize } from '../js/statistics.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    seconds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '64' },
    work: { type: 'string', default: 'plain,lookup' },
  },
});
const REACH = 0.95;
const program = fileURLToPath(new URL('server.mjs', import.meta.url));

async function start(variant, work) {
  const child = fork(program, [variant, work], { execArgv: [] });
  const [{ port }] = await once(child, 'message');
  return { child, url: `http://127.0.0.1:${port}/` };
}

async function cpuOf(child) {
  child.send('cpu');
  return (await once(child, 'message'))[0].cpu;
}

// Requests per second, none of which may fail, and the server's microseconds of processor time for each.
async function drive({ child, url }, seconds) {
  const before = await cpuOf(child);
  const args = ['-t1', '--timeout', '30s', `-c${values.connections}`, `-d${seconds}s`, url];
  const output = execFileSync('wrk', args, { encoding: 'utf8' });
  if (/Non-2xx|Socket errors/.test(output)) throw new Error(output);
  const requests = Number(/(\d+) requests in/.exec(output)[1]);
  return {
    rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(output)[1]),
    cpu: ((await cpuOf(child)) - before) / requests,
  };
}

const NAMES = ['async', 'bare', 'fiber'];
const rows = [
  ['work', 'handler', 'requests/s', 'spread', '/ async', `at least ${REACH}`, 'CPU us', '/ async'],
];
for (const work of values.work.split(',')) {
  const variants = {};
  for (const name of NAMES) variants[name] = await start(name, work);
  const samples = Object.fromEntries(NAMES.map((name) => [name, []]));
  for (const variant of Object.values(variants)) await drive(variant, 2); // warm-up
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const name of round % 2 === 1 ? NAMES.toReversed() : NAMES) {
      samples[name].push(await drive(variants[name], Number(values.seconds)));
    }
  }
  for (const { child } of Object.values(variants)) child.disconnect();
  const rate = (name) => summarize(samples[name].map(({ rate }) => rate));
  const cpu = (name) => summarize(samples[name].map(({ cpu }) => cpu)).median;
  for (const name of NAMES) {
    const ratio = rate(name).median / rate('async').median;
    rows.push([
      work,
      name,
      rate(name).median.toFixed(0),
      `${(100 * rate(name).spread).toFixed(0)} %`,
      ratio.toFixed(3),
      name !== 'fiber' ? '' : ratio >= REACH ? 'pass' : 'falls short',
      cpu(name).toFixed(2),
      (cpu('async') / cpu(name)).toFixed(3),
    ]);
  }
}
console.log(`Node ${process.versions.node}, ${values.connections} connections\n\n${table(rows)}`);
