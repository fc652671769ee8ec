// A key-value server with a line protocol, and clients that talk to it: blocking code on both sides, one task a
// connection. `node examples/key-value/main.mjs --listen 7000` serves `nc 127.0.0.1 7000` until it is interrupted.
import { parseArgs } from 'node:util';
import { group, Scheduler, spawn } from 'greenfiber';
import { connect, listen } from 'greenfiber/io';
import { serve } from './store.mjs';

const HOST = '127.0.0.1';
const { values } = parseArgs({
  options: { listen: { type: 'string' }, clients: { type: 'string', default: '100' } },
});

/** Sends a command and sleeps until it is answered. */
function ask(connection, command) {
  connection.write(`${command}\n`);
  return connection.readLine();
}

function client(port, number) {
  const connection = connect(port, HOST);
  ask(connection, `set key-${number} value ${number}`);
  // The value that another client is going to set, or has set.
  const neighbour = (number + 1) % Number(values.clients);
  const answer = ask(connection, `await key-${neighbour}`);
  if (answer !== `value ${neighbour}`) throw new Error(`key-${neighbour} is ${answer}`);
  connection.close();
}

function drive(listener) {
  group((clients) => {
    for (let i = 0; i < Number(values.clients); i++) clients.spawn(client, listener.port, i);
  });
  const connection = connect(listener.port, HOST);
  console.log(`${ask(connection, 'keys').split(' ').length} keys from as many clients`);
  console.log(ask(connection, 'get nothing'), ask(connection, 'dance'));
  connection.close();
}

spawn(() => {
  const listener = listen(Number(values.listen ?? 0), HOST);
  console.log(`listening at ${HOST}`, values.listen ?? '');
  process.once('SIGINT', () => listener.close());
  group((g) => {
    g.spawn(() => listener.serve(serve));
    if (values.listen !== undefined) return;
    drive(listener);
    listener.close(); // serve() ends when the last connection has ended
  });
}).then(
  () => console.log(`${Scheduler.default.stats().alive} tasks left`),
  (error) => {
    console.error(`The example failed: ${error.message}`);
    process.exitCode = 1;
  },
);
