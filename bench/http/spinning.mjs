// A server under load of which one request in 200 spins for ever, with `cpuLimit: 200`: nobody fails but those, and the
// others' p99 is the limit and little more, where the server has a processor for itself: the limit is one of processor
// time. Then what an armed limit costs a handler that stays within it.
//
//   node bench/http/spinning.mjs [--seconds 10] [--connections 32]
import { fork } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { table } from '../../scripts/lib/table.mjs';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    connections: { type: 'string', default: '32' },
  },
});
const LIMIT_MS = 200;
const ONE_IN = 200;
const GOALS = { p99: 300, failures: 0, cost: 0.3 };

async function ask(agent, port, path) {
  const begin = performance.now();
  const request = http.get({ agent, port, path, host: '127.0.0.1' });
  const [response] = await once(request, 'response');
  response.resume();
  await once(response, 'end');
  return { status: response.statusCode, ms: performance.now() - begin };
}

async function load(port) {
  const connections = Number(values.connections);
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  const others = [];
  let asked = 0;
  let ended = 0;
  let failures = 0;
  const end = performance.now() + 1000 * Number(values.seconds);
  const client = async () => {
    while (performance.now() < end) {
      const spins = ++asked % ONE_IN === 0;
      const { status, ms } = await ask(agent, port, spins ? '/spin' : '/');
      if (status !== (spins ? 503 : 200)) failures++;
      else if (spins) ended++;
      else others.push(ms);
    }
  };
  await Promise.all(Array.from({ length: connections }, client));
  agent.destroy();
  others.sort((a, b) => a - b);
  const quantile = (q) => others[Math.min(others.length - 1, Math.floor(others.length * q))];
  return { answered: others.length, ended, failures, median: quantile(0.5), p99: quantile(0.99) };
}

const server = fork(fileURLToPath(new URL('spinning-server.mjs', import.meta.url)), [
  `${LIMIT_MS}`,
]);
const [{ port }] = await once(server, 'message');
const tell = async (what) => {
  server.send(what);
  const [answer] = await once(server, 'message');
  return answer[what];
};
const cpuBefore = await tell('cpu');
const begin = performance.now();
const { answered, ended, failures, median, p99 } = await load(port);
const cpu = await tell('cpu');
const ran = (cpu.user + cpu.system - cpuBefore.user - cpuBefore.system) / 1000;
// The server always has something to do: what it did not get of a processor, others had.
const share = ran / (performance.now() - begin);
const cost = await tell('cost');
server.disconnect();

const verdict = (value, goal) => (value <= goal ? 'pass' : 'falls short');
console.log(
  `Node ${process.versions.node}, ${values.connections} connections, ${answered} requests answered, ` +
    `${ended} that span ended after ${LIMIT_MS} ms of processor time\n`,
);
console.log(
  table([
    ['what', 'reach', 'now', ''],
    ['median of the others', '', `${median.toFixed(1)} ms`, ''],
    [
      'p99 of the others',
      `at most ${GOALS.p99} ms`,
      `${p99.toFixed(1)} ms`,
      verdict(p99, GOALS.p99),
    ],
    ['processor that the server got', '', `${(100 * share).toFixed(0)} %`, ''],
    ['of the others failed', 'none', `${failures}`, verdict(failures, GOALS.failures)],
    [
      'an armed limit',
      `at most ${GOALS.cost} us`,
      `${cost.toFixed(2)} us`,
      verdict(cost, GOALS.cost),
    ],
  ]),
);
