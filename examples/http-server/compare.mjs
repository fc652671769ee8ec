// The service in blocking style and with async functions, under the same load.
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { load, makeResult, paths, request } from './load.mjs';

const VARIANTS = {
  greenfiber: ['server.mjs', 'library.mjs', 'pages.mjs'],
  'async functions': ['async.mjs'],
};

const WARM_UP = { count: 80, seconds: Infinity };

/** Neither comments nor what is empty. */
function linesIn(file) {
  const lines = readFileSync(new URL(file, import.meta.url), 'utf8').split('\n');
  return lines.filter((line) => !/^\s*($|\/[/*]|\*)/.test(line));
}

function describe(files) {
  const lines = files.flatMap(linesIn);
  const coloured = lines.filter((line) => /\b(async|await)\b/.test(line));
  return { lines: lines.length, coloured: coloured.length };
}

async function startServing(name, root) {
  const [file] = VARIANTS[name];
  const { serve } = await import(`./${file}`);
  const server = serve(root);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const base = `http://127.0.0.1:${server.address().port}`;
  return { name, base, server, result: makeResult(), ...describe(VARIANTS[name]) };
}

async function sameAnswers([first, second]) {
  for (const [number, path] of paths.entries()) {
    const [a, b] = await Promise.all([first, second].map(({ base }) => request(base, number)));
    if (a.body !== b.body) throw new Error(`${path}: the two answer differently`);
  }
}

/** Measures both in turn, so that what else the machine does hits both; answers a table. */
export async function compare(root, { rounds, ...options }) {
  const servers = await Promise.all(Object.keys(VARIANTS).map((name) => startServing(name, root)));
  try {
    await sameAnswers(servers);
    for (const { base } of servers) await load(base, { ...options, ...WARM_UP }, makeResult());
    for (let round = 0; round < rounds; round++) {
      for (const { base, result } of servers) await load(base, options, result);
    }
  } finally {
    for (const { server } of servers) {
      server.close();
      server.closeAllConnections();
    }
  }
  return servers;
}

export function asTable(servers) {
  const ms = (microseconds) => `${(microseconds / 1000).toFixed(0)} ms`;
  const rows = [
    ['', 'lines', 'with async or await', 'requests/s', 'median', '99% below'],
    ...servers.map(({ name, lines, coloured, result }) => [
      name,
      `${lines}`,
      `${coloured}`,
      (result.requests / result.seconds).toFixed(0),
      ms(result.latency.percentile(50)),
      ms(result.latency.percentile(99)),
    ]),
  ];
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  const line = (row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('   ');
  return rows.map(line).join('\n');
}
