// A TCP echo server and a server with a line protocol, one fiber a connection.
//
//   node examples/echo/main.mjs                          both, and a few hundred clients that check every byte
//   node examples/echo/main.mjs --listen 7000 --serve lines [--grace 5000] [--most 10000]
//
// SIGTERM and SIGINT end it in order: no connection is accepted any more, those there are may go on for the grace
// period, then they are cancelled. A second one does not wait.
import { parseArgs } from 'node:util';
import { group, Scheduler, spawn } from 'greenfiber';
import { connect, listen } from 'greenfiber/io';
import * as servers from './fibers.mjs';

const HOST = '127.0.0.1';
const { values } = parseArgs({
  options: {
    listen: { type: 'string' },
    serve: { type: 'string', default: 'echo' },
    clients: { type: 'string', default: '200' },
    grace: { type: 'string', default: '5000' },
    most: { type: 'string', default: '10000' },
  },
});

function start(name, port) {
  const handler = servers[name];
  if (handler === undefined) throw new Error(`there is no server ${name}: echo, lines`);
  // More connections than that are dropped, at once, instead of served badly.
  const listener = listen({ port, host: HOST, backlog: 1024, maxConnections: Number(values.most) });
  const task = spawn(() => listener.serve(handler));
  task.name = name;
  return { listener, task };
}

function shutDownOnSignal({ listener }) {
  let signals = 0;
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.on(signal, () => listener.shutdown(signals++ === 0 ? Number(values.grace) : 0));
  }
}

function echoClient(port, number) {
  const connection = connect(port, HOST);
  const sent = Buffer.alloc(1 + number * 97, number);
  const writer = spawn(() => connection.write(sent)); // both directions at once
  const received = connection.readExactly(sent.length);
  writer.join();
  connection.close();
  if (!received.equals(sent)) throw new Error(`client ${number} got other bytes back`);
  return sent.length;
}

function linesClient(port, number) {
  const connection = connect(port, HOST);
  const ask = (command) => {
    connection.write(`${command}\n`);
    return connection.readLine();
  };
  const answers = [ask('ping'), ask(`sum ${number} 1`), ask('reverse fiber')];
  connection.close();
  if (answers.join() !== `pong,${number + 1},rebif`) throw new Error(`wrong: ${answers}`);
  return answers.length;
}

function drive(client, { listener, task }) {
  const results = group((clients) => {
    const each = (_, number) => clients.spawn(client, listener.port, number);
    return Array.from({ length: Number(values.clients) }, each);
  }).map((ended) => ended.join());
  listener.close();
  task.join(); // serve() ends with the last connection
  return results.reduce((sum, count) => sum + count, 0);
}

spawn(() => {
  if (values.listen !== undefined) {
    const server = start(values.serve, Number(values.listen));
    shutDownOnSignal(server);
    console.log(`${values.serve} at ${HOST}:${server.listener.port}`);
    server.task.join();
    return;
  }
  console.log(`${drive(echoClient, start('echo', 0))} bytes came back as they were sent`);
  console.log(`${drive(linesClient, start('lines', 0))} lines were answered`);
}).then(
  () => console.log(`${Scheduler.default.stats().alive} tasks left`),
  (error) => {
    console.error(`The example failed: ${error.message}`);
    process.exitCode = 1;
  },
);
