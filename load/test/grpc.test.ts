// gRPC over real sockets: calls of all four kinds, what is measured of them, and servers that are not there.
import { mkdtempSync, writeFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  loadPackageDefinition,
  Metadata,
  Server,
  ServerCredentials,
  type ServiceClientConstructor,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import test, { type ExecutionContext } from 'ava';
import { group } from 'greenfiber';
import { grpc, registryOf, run, type Results } from 'greenfiber-load';

import { runChild } from '../../test/helpers/child';
import { ROOT } from '../../test/helpers/root';
import { certificate } from './certificate';
import { oneIteration } from './one-iteration';

const folder = mkdtempSync(join(tmpdir(), 'greenfiber-grpc-'));
const proto = join(folder, 'shop.proto');
writeFileSync(
  proto,
  `syntax = "proto3";
  package shop;
  message Item { int64 item_id = 1; string name = 2; }
  service Shop {
    rpc Get(Item) returns (Item);
    rpc List(Item) returns (stream Item);
    rpc Add(stream Item) returns (Item);
    rpc Talk(stream Item) returns (stream Item);
  }`,
);

interface Item {
  itemId?: string;
  name: string;
}
interface Call {
  request: Item;
  metadata: Metadata;
  sendMetadata(metadata: Metadata): void;
  write(item: Item): void;
  end(): void;
  on(event: string, listener: (item: Item) => void): void;
}
type Answer = (error: { code: number; details: string } | null, item?: Item) => void;

const shop = {
  Get(call: Call, answer: Answer): void {
    const { name } = call.request;
    if (name === 'none') return answer({ code: 5, details: 'no such item' });
    if (name === 'never') return;
    const headers = new Metadata();
    headers.set('x-seen', String(call.metadata.get('x-mine')[0]));
    call.sendMetadata(headers);
    answer(null, call.request);
  },
  List(call: Call): void {
    for (const name of ['a', 'b', 'c']) call.write({ name });
    call.end();
  },
  Add(call: Call, answer: Answer): void {
    let all = '';
    call.on('data', ({ name }) => (all += name));
    call.on('end', () => answer(null, { name: all }));
  },
  Talk(call: Call): void {
    call.on('data', ({ name }) => call.write({ name: name.toUpperCase() }));
    call.on('end', () => call.end());
  },
};

async function serving(t: ExecutionContext, credentials: ServerCredentials): Promise<number> {
  const server = new Server();
  const loaded = loadPackageDefinition(loadSync(proto)) as unknown as {
    shop: { Shop: ServiceClientConstructor };
  };
  server.addService(loaded.shop.Shop.service, shop as unknown as UntypedServiceImplementation);
  t.teardown(() => server.forceShutdown());
  return await new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });
}

const count = (results: Results, name: string, tags = {}): number => {
  const total = registryOf(results).metrics.get(name)?.total(tags);
  if (total === undefined) return 0;
  return total.type === 'trend' ? total.histogram.count : (total as { sum: number }).sum;
};

test('a unary call is answered with its message, metadata and status, and measured by them', async (t) => {
  const port = await serving(t, ServerCredentials.createInsecure());
  const api = grpc.load(proto);
  const results = await oneIteration(
    () => {
      const got = api.invoke(
        'shop.Shop/Get',
        { itemId: '9007199254740993', name: 'tea' },
        { metadata: { 'X-Mine': 'yes' }, name: 'get' },
      );
      t.like(got, { status: 0, ok: true, message: { itemId: '9007199254740993', name: 'tea' } });
      t.is(got.headers['x-seen'], 'yes');
      t.true(got.duration > 0);
      const none = api.invoke('shop.Shop/Get', { name: 'none' });
      t.like(none, { status: 5, ok: false, details: 'no such item', message: undefined });
    },
    { target: `http://127.0.0.1:${port}` },
  );
  const tags = { service: 'shop.Shop', method: 'Get' };
  t.is(count(results, 'grpc_req_duration', { ...tags, status: '0', name: 'get' }), 1);
  t.is(count(results, 'grpc_req_duration', { ...tags, status: '5' }), 1);
  t.is(count(results, 'grpc_streams'), 0);
  t.deepEqual(results.errors, []);
});

test('calls stream from the server, from the client and in both directions, in blocking style', async (t) => {
  const port = await serving(t, ServerCredentials.createInsecure());
  const api = grpc.load('shop.proto', {
    includeDirs: [folder],
    target: `http://127.0.0.1:${port}`,
  });
  const results = await oneIteration(() => {
    const list = api.stream('shop.Shop/List');
    list.send({ name: 'all' });
    list.end();
    const names: string[] = [];
    for (let item = list.receive(); item !== null; item = list.receive()) {
      names.push((item as Item).name);
    }
    t.deepEqual(names, ['a', 'b', 'c']);
    t.is(list.finish().status, 0);

    const add = api.stream('shop.Shop/Add');
    for (const name of names) add.send({ name });
    t.like(add.finish(), { status: 0, message: { name: 'abc' } });
    t.throws(() => add.send({ name: 'late' }), { code: 'ERR_STREAM_ENDED' });

    const talk = api.stream('shop.Shop/Talk');
    for (const name of names) {
      talk.send({ name });
      t.like(talk.receive(), { name: name.toUpperCase() });
    }
    t.is(talk.finish().status, 0);
    api.stream('shop.Shop/Talk').send({ name: 'left open' }); // is cancelled with the iteration
  });
  t.is(count(results, 'grpc_streams'), 4);
  t.is(count(results, 'grpc_streams_msgs_sent'), 8);
  t.is(count(results, 'grpc_streams_msgs_received', { method: 'List' }), 3);
  t.is(count(results, 'grpc_streams_msgs_received', { method: 'Talk' }), 3);
  t.is(count(results, 'grpc_req_duration'), 0);
  t.deepEqual(results.errors, []);
});

test('over TLS a user has one connection, for tasks at the same time and all iterations', async (t) => {
  const { key, cert, certFile } = certificate();
  const credentials = ServerCredentials.createSsl(null, [{ private_key: key, cert_chain: cert }]);
  const behind = await serving(t, credentials);
  let connections = 0;
  const door = net.createServer((socket) => {
    connections++;
    const to = net.connect(behind, '127.0.0.1');
    socket.pipe(to).pipe(socket);
    socket.on('error', () => to.destroy()).on('close', () => to.destroy());
    to.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
  t.teardown(() => void door.close());
  const api = grpc.load(proto, {
    target: `https://localhost:${(door.address() as AddressInfo).port}`,
  });
  const statuses: number[] = [];
  const ask = () => statuses.push(api.invoke('shop.Shop/Get', { name: 'x' }).status);
  const scenario = {
    default: () => {
      group((tasks) => {
        for (let i = 0; i < 3; i++) tasks.spawn(ask);
      });
    },
  };
  const { spawn } = await import('greenfiber');
  await spawn(() => run(scenario, { vus: 2, iterationsPerVu: 2, tls: { ca: certFile } }));
  t.deepEqual(statuses, Array<number>(12).fill(0));
  t.is(connections, 2);
});

test('a server that is not there, and one that does not answer, are failures by kind', async (t) => {
  const port = await serving(t, ServerCredentials.createInsecure());
  const gone = net.createServer();
  await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
  const free = (gone.address() as AddressInfo).port;
  await new Promise((resolve) => gone.close(resolve));
  const [here, nowhere] = [port, free].map((each) =>
    grpc.load(proto, { target: `http://127.0.0.1:${each}` }),
  );
  const results = await oneIteration(() => {
    t.is(nowhere!.invoke('shop.Shop/Get', {}).status, 14);
    t.is(here!.invoke('shop.Shop/Get', { name: 'never' }, { timeout: 50 }).status, 4);
  });
  t.deepEqual(results.errors.map(({ kind }) => kind).sort(), ['refused', 'timeout']);
});

test('mistakes of the caller are thrown', async (t) => {
  const port = await serving(t, ServerCredentials.createInsecure());
  const api = grpc.load(proto, { target: `http://127.0.0.1:${port}` });
  const code = 'ERR_FIBER_INVALID_ARG_VALUE';
  await oneIteration(() => {
    t.throws(() => api.invoke('shop.Shop/Take'), { code, message: /shop\.Shop\/Get/ });
    t.throws(() => api.invoke('shop.Shop/List'), { code, message: /see stream\(\)/ });
    t.throws(() => api.stream('shop.Shop/Get'), { code, message: /see invoke\(\)/ });
    t.throws(() => api.invoke('shop.Shop/Get', 7), { code, message: /of the type of the method/ });
  });
  t.throws(() => grpc.load(join(folder, 'none.proto')), { code: 'ERR_LOAD_DATA' });
  t.throws(() => api.invoke('shop.Shop/Get'), { code: 'ERR_LOAD_NO_USER' });
});

test('without the packages it is told what to install', async (t) => {
  const without = join(folder, 'without.cjs');
  writeFileSync(
    without,
    `const Module = require('node:module');
    const { _resolveFilename: resolve } = Module;
    Module._resolveFilename = function (name, ...rest) {
      if (name.startsWith('@grpc/')) throw Object.assign(new Error('not found'), { code: 'MODULE_NOT_FOUND' });
      return resolve.call(this, name, ...rest);
    };
    require(${JSON.stringify(join(ROOT, 'load'))}).grpc.load('shop.proto');`,
  );
  const { stderr } = await runChild(without);
  t.regex(stderr, /ERR_LOAD_PACKAGE/);
  t.regex(stderr, /npm install @grpc\/grpc-js/);
});
