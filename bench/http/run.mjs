// HTTP requests per second: handlers that block in fibers against async handlers, on the same server of node:http,
// driven by wrk. Each variant is a process of its own; the runs are interleaved, so a machine that slows down
// slows both down. Prints the medians and their ratio.
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

// Requests per second, none of which may fail.
function drive(url, seconds) {
  const args = ['-t1', `-c${values.connections}`, `-d${seconds}s`, url];
  const output = execFileSync('wrk', args, { encoding: 'utf8' });
  if (/Non-2xx|Socket errors/.test(output)) throw new Error(output);
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(output)[1]);
}

const rows = [
  ['work', 'async, requests/s', 'fiber, requests/s', 'fiber / async', `at least ${REACH}`],
];
for (const work of values.work.split(',')) {
  const variants = { async: await start('async', work), fiber: await start('fiber', work) };
  const samples = { async: [], fiber: [] };
  for (const { url } of Object.values(variants)) drive(url, 2); // warm-up
  for (let round = 0; round < Number(values.rounds); round++) {
    const names = Object.keys(samples);
    if (round % 2 === 1) names.reverse();
    for (const name of names) samples[name].push(drive(variants[name].url, Number(values.seconds)));
  }
  for (const { child } of Object.values(variants)) child.disconnect();
  const [asynchronous, fiber] = [summarize(samples.async).median, summarize(samples.fiber).median];
  const ratio = fiber / asynchronous;
  rows.push([
    work,
    asynchronous.toFixed(0),
    fiber.toFixed(0),
    ratio.toFixed(3),
    ratio >= REACH ? 'pass' : 'falls short',
  ]);
}
console.log(`Node ${process.versions.node}, ${values.connections} connections\n\n${table(rows)}`);
