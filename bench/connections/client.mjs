// A share of the connections of run.mjs: `node client.mjs PORT COUNT ADDRESS PROTOCOL`. Does what it is told by message,
// one thing at a time, and answers. Latencies are in microseconds, each from the moment when its bytes were due, so that
// a server that stalls is not measured less often.
import { account, hostile, openAll, trickle } from './clients.mjs';

const [port, count, localAddress, protocol] = process.argv.slice(2);

let latencies = [];
const onEcho = (due) => latencies.push(Math.round((performance.now() - due) * 1000));
const clients = await openAll(Number(port), Number(count), localAddress, onEcho, protocol);
const ended = [];

const orders = {
  async trickle(options) {
    latencies = [];
    const sent = await trickle(clients, options);
    return { sent, latencies, ...account(clients) };
  },
  /** Half of them are gone, without a word. */
  halve() {
    const gone = clients.splice(Math.ceil(clients.length / 2));
    for (const { socket } of gone) socket.resetAndDestroy();
    return { gone: gone.length };
  },
  async hostile({ kind, count }) {
    ended.push(await hostile[kind](Number(port), count, localAddress));
    return {};
  },
  endHostile() {
    for (const end of ended.splice(0)) end();
    return {};
  },
  close() {
    for (const { socket } of clients) socket.destroy();
    return {};
  },
};

process.on('message', async ({ order, ...options }) => {
  process.send(await orders[order](options));
});
process.on('disconnect', () => process.exit());
process.send('open');
