// What a request costs in fibers and in async handlers, without a network: one process feeds the servers of handlers.mjs
// by streams in the place of sockets. It measures processor time, in short rounds that take turns, and prints that of the
// least disturbed tenth, and what lies above async: also on a busy machine, where requests per second say nothing.
//
//   node bench/http/in-process.mjs [--rounds 300] [--requests 1000] [--connections 64] [--work lookup|plain] [--alone]
//
// With `--alone` Node does nothing: requests and responses are empty objects, so that all is in the nearest cache.
import { EventEmitter } from 'node:events';
import { Duplex } from 'node:stream';
import { parseArgs } from 'node:util';
import { table } from '../../scripts/lib/table.mjs';
import { serverOf } from './handlers.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '300' },
    requests: { type: 'string', default: '1000' },
    connections: { type: 'string', default: '64' },
    work: { type: 'string', default: 'plain,lookup' },
    alone: { type: 'boolean', default: false },
  },
});
const [rounds, requests, connections] = [values.rounds, values.requests, values.connections].map(
  Number,
);
const REQUEST = Buffer.from('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');

/** A connection whose client asks again as soon as it is answered, in the next turn of the event loop. */
class Connection extends Duplex {
  constructor(driver, server) {
    super();
    this.driver = driver;
    server.emit('connection', this);
  }
  _read() {}
  _write(chunk, encoding, done) {
    this.driver.answered(this);
    done();
  }
  // Head and body, which some releases of Node write in two chunks.
  _writev(chunks, done) {
    this.driver.answered(this);
    done();
  }
  setTimeout() {}
}

/** A connection that asks a server's listener without Node's parser and writer. */
class Alone extends EventEmitter {
  destroyed = false;
  constructor(driver, server) {
    super();
    this.driver = driver;
    this.server = server;
  }
  push() {
    this.server.emit('request', { socket: this }, new EmptyResponse(this));
  }
}

class EmptyResponse {
  writableEnded = false;
  constructor(connection) {
    this.connection = connection;
  }
  writeHead() {}
  end() {
    this.writableEnded = true;
    this.connection.driver.answered(this.connection);
  }
}

const Asking = values.alone ? Alone : Connection;

class Driver {
  constructor(server) {
    this.waiting = [];
    this.left = 0;
    this.underWay = 0;
    this.ask = () => {
      const asking = this.waiting;
      this.waiting = [];
      for (const connection of asking) {
        if (this.left === 0) return;
        this.left--;
        this.underWay++;
        connection.push(REQUEST);
      }
    };
    this.connections = Array.from({ length: connections }, () => new Asking(this, server));
  }

  answered(connection) {
    this.underWay--;
    if (this.left === 0) {
      if (this.underWay === 0) this.resolve();
      return;
    }
    if (this.waiting.push(connection) === 1) setImmediate(this.ask);
  }

  /** Microseconds of processor time for a request. */
  async run(count) {
    const begin = process.cpuUsage();
    await new Promise((resolve) => {
      this.resolve = resolve;
      this.left = count;
      this.waiting = [...this.connections];
      setImmediate(this.ask);
    });
    const { user, system } = process.cpuUsage(begin);
    return (user + system) / count;
  }
}

const NAMES = ['async', 'bare', 'fiber'];
/** Rounds until all is compiled. */
const WARM_UP = 20;

/** The tenth of a number of samples that is below the others. */
function tenth(samples) {
  return samples.toSorted((a, b) => a - b)[Math.floor(samples.length / 10)];
}

const rows = [['work', 'handler', 'CPU us', 'above async', 'async / it']];
for (const work of values.work.split(',')) {
  const drivers = NAMES.map((name) => new Driver(serverOf(name, work)));
  const samples = NAMES.map(() => []);
  for (let round = -WARM_UP; round < rounds; round++) {
    for (let i = 0; i < NAMES.length; i++) {
      const at = (i + round + WARM_UP) % NAMES.length;
      const sample = await drivers[at].run(requests);
      if (round >= 0) samples[at].push(sample);
    }
  }
  const least = samples.map(tenth);
  NAMES.forEach((name, i) => {
    const above = (least[i] - least[0]).toFixed(2);
    rows.push([work, name, least[i].toFixed(2), above, (least[0] / least[i]).toFixed(3)]);
  });
}
console.log(`Node ${process.versions.node}, ${connections} connections\n\n${table(rows)}`);
