// A server that looks like production, under load, with thousands of fibers asleep, natural collections and optimised
// code, on each line of Node and both engines. It fails on a signal, a wrong answer, an unhandled rejection, and when
// memory, fibers or file descriptors have not come back at the end.
//
//   npm run soak -- --minutes 30                             each line for 30 minutes
//   npm run soak -- --seconds 60 --node 24 --engine direct
//
// All traffic is on 127.0.0.1.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { buildNative, mirrorSources } from './lib/native.mjs';
import { majors, nodeOfMajor } from './lib/node_versions.mjs';
import { inRoot } from './lib/paths.mjs';
import { load } from './lib/soak/client.mjs';
import { notBack } from './lib/soak/not_back.mjs';
import { compileTests, engines } from './lib/suite.mjs';
import { table } from './lib/table.mjs';
import { print, printFailures } from './lib/totals.mjs';

const { values } = parseArgs({
  options: {
    node: { type: 'string', default: majors.join() },
    engine: { type: 'string', default: engines.join() },
    minutes: { type: 'string' },
    seconds: { type: 'string', default: '60' },
    connections: { type: 'string', default: '32' },
    // How many fibers sleep, one number after the other.
    sleepers: { type: 'string', default: '1000,5000,2000' },
    flag: { type: 'string', multiple: true, default: [] },
  },
});
const seconds = values.minutes === undefined ? Number(values.seconds) : Number(values.minutes) * 60;
const connections = Number(values.connections);
const sleepers = values.sleepers.split(',').map(Number);

// Until the code is optimised and every cache is full; what is in use then is what has to come back.
const warmUp = Math.min(60, Math.max(5, seconds / 4));

// Stacks give their memory back little by little: so often, with a second in between, it is measured again.
const PATIENCE = 20;

function start(node, engine, binding) {
  const child = fork(inRoot('test/soak/server.cjs'), [], {
    execPath: node.execPath,
    execArgv: ['--expose-gc', '--no-warnings', ...values.flag],
    env: { ...process.env, GREENFIBER_ENGINE: engine, GREENFIBER_BINDING: binding },
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr = (stderr + text).slice(-10_000)));
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`the server ended: ${signal ?? `exit code ${code}`}`);
  });
  ended.catch(() => undefined);
  // Answers of the server, and errors of ours, as long as it lives.
  const living = (promise) => Promise.race([promise, ended]);
  const answerTo = async (command) => {
    for (;;) {
      const [message] = await living(once(child, 'message'));
      if (message.command === command) return message.answer;
    }
  };
  const tell = (command, rest = {}) => {
    const answer = answerTo(command);
    child.send({ command, ...rest });
    return answer;
  };
  return { child, living, answerTo, tell, printed: () => stderr };
}

// A moment without requests and without sleepers.
async function measure(server) {
  await server.tell('sleepers', { count: 0 });
  await sleep(1000);
  return server.tell('measure');
}

async function drive(server, port, duration) {
  const end = performance.now() + duration * 1000;
  const counts = server.living(load(port, { connections, until: end }));
  for (const count of sleepers) {
    // Many wake in each second, whatever their number.
    await server.tell('sleepers', { count, most: 20_000 });
    await server.living(Promise.race([sleep((duration * 1000) / sleepers.length), counts]));
  }
  return counts;
}

async function soak(node, engine, binding) {
  const server = start(node, engine, binding);
  try {
    const { port, engine: got } = await server.answerTo('listening');
    if (got !== engine) throw new Error(`engine ${got}`);
    await drive(server, port, warmUp);
    const before = await measure(server);
    const counts = await drive(server, port, seconds);
    let after = await measure(server);
    for (let tries = 0; notBack(before, after).length > 0 && tries < PATIENCE; tries++) {
      after = await measure(server);
    }
    const missing = notBack(before, after);
    if (missing.length > 0) throw new Error(`not come back: ${missing.join('; ')}`);
    return { counts, before, after };
  } catch (error) {
    throw new Error(`${error.message}\n${server.printed()}`, { cause: error });
  } finally {
    server.child.kill('SIGKILL');
  }
}

const megabytes = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MB`;

compileTests();
const rows = [['Node', 'engine', 'answered', 'left', 'heap', 'memory', 'descriptors', '']];
const totals = { passed: 0, failed: 0 };
const failures = [];
for (const major of values.node.split(',').map(Number)) {
  const node = nodeOfMajor(major);
  const binding = buildNative(node.nodedir, mirrorSources(node.folder));
  for (const engine of values.engine.split(',')) {
    const title = `Node ${node.version}, ${engine}`;
    try {
      const { counts, before, after } = await soak(node, engine, binding);
      const change = (name) => `${megabytes(before[name])} -> ${megabytes(after[name])}`;
      const descriptors = `${before.descriptors} -> ${after.descriptors}`;
      const cells = [counts.answered, counts.left].map(String);
      rows.push([
        node.version,
        engine,
        ...cells,
        change('heapUsed'),
        change('rss'),
        descriptors,
        '',
      ]);
      totals.passed++;
    } catch (error) {
      failures.push({ title, report: error.message });
      rows.push([node.version, engine, '', '', '', '', '', 'FAILED']);
      totals.failed++;
    }
    console.log(rows.at(-1).join('  '));
  }
}

printFailures(failures);
console.log(`\n${table(rows)}\n`);
print(totals);
process.exitCode = totals.failed ? 1 : 0;
