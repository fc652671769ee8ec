/** Every number that a public function takes: durations, moments, counts, sizes. One row each, and one wording. */
import { PassThrough } from 'node:stream';

import test from 'ava';
import {
  Barrier,
  Channel,
  Condition,
  configure,
  deadline,
  every,
  Fiber,
  FiberError,
  map,
  Mutex,
  rateLimit,
  retry,
  Scheduler,
  select,
  Semaphore,
  sleep,
  cpuLimit,
  timeout,
  TimeoutError,
  WaitGroup,
} from 'greenfiber';
import { disable, enable, serve, snapshot } from 'greenfiber/inspect';
import {
  connect,
  Connection,
  LengthPrefixed,
  LineFraming,
  listen,
  Reader,
  type Listener,
} from 'greenfiber/io';
import { Offload } from 'greenfiber/offload';
import { simulate } from 'greenfiber/testing';

import { caught, inTask } from '../helpers/in-task';
import { publicNumbers } from './public-numbers';

interface Row {
  /** Calls, with the number, what was named. */
  call: (value: never) => unknown;
  /** What is right. */
  takes: readonly number[];
  /** What is a number, and is not. */
  refuses: readonly number[];
}

const NOW = [0, 0.5, 2 ** 31 - 1, 2 ** 31, 1e12, Number.MAX_VALUE, Infinity];
const duration = (call: (ms: number) => unknown): Row => ({
  call,
  takes: NOW,
  refuses: [-1, NaN, -Infinity, -Number.MIN_VALUE],
});
const count = (call: (n: number) => unknown, least: number, most: number): Row => ({
  call,
  takes: [least, Math.min(most, Math.max(least, 1000))],
  refuses: [least - 1, 1.5, NaN, -Infinity, ...(most < Number.MAX_SAFE_INTEGER ? [most + 1] : [])],
});
const counted = (row: Row): Row => ({ ...row, refuses: [...row.refuses, Infinity] });

const reader = (): Reader => {
  const stream = new PassThrough();
  stream.end('text\n');
  return new Reader(stream);
};

/** A connection to a listener of our own. */
function talk(call: (connection: Connection) => unknown): unknown {
  const listener = listen(0, '127.0.0.1');
  try {
    const connection = connect(listener.port, '127.0.0.1');
    listener.accept()?.close();
    try {
      return call(connection);
    } finally {
      connection.destroy();
    }
  } finally {
    listener.shutdown(0);
  }
}

function listening(listener: Listener): void {
  listener.shutdown(0);
}

function offloading(make: () => Offload, end: (pool: Offload) => unknown): void {
  end(make());
}

const destroy = (pool: Offload): void => {
  pool.destroy();
};

const size = Number.MAX_SAFE_INTEGER;

const rows: Record<string, Row> = {
  'sleep ms': duration((ms) => {
    sleep(ms);
  }),
  'timeout ms': duration((ms) => timeout(ms, () => 1)),
  'deadline at': {
    call: (at) => deadline(at, () => 1),
    takes: [...NOW, -1, -Infinity],
    refuses: [NaN],
  },
  'TimeLimit#deadline': {
    call: (at) =>
      timeout(1000, (limit) => {
        limit.deadline = at;
      }),
    takes: [...NOW, -1, -Infinity],
    refuses: [NaN],
  },
  'every ms': {
    call: (ms) => every(ms),
    takes: NOW.slice(2),
    refuses: [0, 0.5, -1, NaN, -Infinity],
  },
  'rateLimit calls': counted(count((calls) => rateLimit(calls, 1), 1, 2 ** 31 - 1)),
  'rateLimit per': {
    ...duration((per) => rateLimit(1, per)),
    takes: NOW.slice(1),
    refuses: [0, -1, NaN, -Infinity],
  },
  'map options.concurrency': count(
    (concurrency) => map([1], () => 1, { concurrency }),
    1,
    2 ** 31 - 1,
  ),
  'retry options.attempts': count((attempts) => retry(() => 1, { attempts }), 1, 2 ** 31 - 1),
  'retry options.delay': duration((delay) => retry(() => 1, { delay })),
  'retry options.maxDelay': duration((maxDelay) => retry(() => 1, { maxDelay })),
  'retry options.factor': {
    call: (factor) => retry(() => 1, { factor }),
    takes: [1, 1.5, 1e300],
    refuses: [0.9, 0, -1, NaN, Infinity, -Infinity],
  },
  'retry options.jitter': {
    call: (jitter) => retry(() => 1, { jitter }),
    takes: [0, 0.5, 1],
    refuses: [-0.1, 1.1, NaN, Infinity, -Infinity],
  },
  'select after': duration((ms) => select([{ after: ms }])),
  'select.biased after': duration((ms) => select.biased([{ after: ms }])),
  'configure configuration.stackSize': counted(
    count((stackSize) => configure({ stackSize }), 128 * 1024, 16 * 1024 * 1024),
  ),
  'configure configuration.poolSize': counted(
    count((poolSize) => configure({ poolSize }), 0, 1_000_000),
  ),
  'new Fiber options.stackSize': counted(
    count((stackSize) => new Fiber(() => 1, { stackSize }), 128 * 1024, 16 * 1024 * 1024),
  ),
  'new Scheduler options.slice': {
    ...duration((slice) => new Scheduler({ slice })),
    takes: NOW.slice(1),
    refuses: [0, -1, NaN, -Infinity],
  },
  'new Scheduler options.cpuLimit': {
    ...duration((cpuLimit) => new Scheduler({ cpuLimit })),
    takes: NOW.slice(1),
    refuses: [0, -1, NaN, -Infinity],
  },
  'new Scheduler options.slowTask': {
    ...duration((slowTask) => new Scheduler({ slowTask })),
  },
  'cpuLimit ms': {
    ...duration((ms) => cpuLimit(ms, () => 1)),
    takes: NOW.slice(1),
    refuses: [0, -1, NaN, -Infinity],
  },
  'new Scheduler options.seed': counted(count((seed) => new Scheduler({ seed }), 0, 2 ** 32 - 1)),
  'new Barrier parties': counted(count((parties) => new Barrier(parties), 1, 2 ** 31 - 1)),
  'new Channel capacity': count((capacity) => new Channel(capacity), 0, 2 ** 31 - 1),
  'Condition#notify count': counted(
    count(
      (n) => {
        const mutex = new Mutex();
        mutex.run(() => {
          new Condition(mutex).notify(n);
        });
      },
      1,
      2 ** 31 - 1,
    ),
  ),
  'new Semaphore permits': counted(count((permits) => new Semaphore(permits), 0, 2 ** 31 - 1)),
  'new Semaphore limit': counted(count((limit) => new Semaphore(1, limit), 1, 2 ** 31 - 1)),
  'WaitGroup#add count': counted(
    count(
      (n) => {
        new WaitGroup().add(n);
      },
      0,
      2 ** 31 - 1,
    ),
  ),
  'connect to': counted(
    count(
      (port) => {
        connect(port, '127.0.0.1').destroy();
      },
      0,
      65_535,
    ),
  ),
  'listen at': {
    ...counted(count((port) => listening(listen(port, '127.0.0.1')), 0, 65_535)),
    takes: [0],
  },
  'listen at.maxConnections': counted(
    count((maxConnections) => listening(listen({ port: 0, maxConnections })), 1, 2 ** 32),
  ),
  'listen at.maxPending': counted(
    count((maxPending) => listening(listen({ port: 0, maxPending })), 0, 2 ** 32),
  ),
  'Listener#shutdown grace': duration((grace) => {
    const listener = listen(0, '127.0.0.1');
    try {
      listener.shutdown(grace);
    } finally {
      listener.shutdown(0);
    }
  }),
  'Connection#readExactly count': counted(
    count((n) => talk((peer) => peer.readExactly(n)), 0, size),
  ),
  'Connection#readLine maxLength': counted(count((n) => talk((peer) => peer.readLine(n)), 1, size)),
  'Connection#lines maxLength': counted(count((n) => talk((peer) => [...peer.lines(n)]), 1, size)),
  'Connection#readAll maxLength': counted(count((n) => talk((peer) => peer.readAll(n)), 0, size)),
  'Reader#readExactly count': counted(count((n) => reader().readExactly(n), 0, size)),
  'Reader#peek count': counted(count((n) => reader().peek(n), 0, size)),
  'Reader#readLine maxLength': counted(count((n) => reader().readLine(n), 1, size)),
  'Reader#lines maxLength': counted(count((n) => [...reader().lines(n)], 1, size)),
  'Reader#readAll maxLength': counted(count((n) => reader().readAll(n), 0, size)),
  'new LengthPrefixed options.lengthBytes': {
    call: (lengthBytes) => new LengthPrefixed({ lengthBytes }),
    takes: [1, 2, 4],
    refuses: [0, 3, 8, 1.5, NaN, Infinity, -1],
  },
  'new LengthPrefixed options.maxLength': counted(
    count((maxLength) => new LengthPrefixed({ maxLength }), 0, 2 ** 32 - 1),
  ),
  'new LineFraming options.maxLength': counted(
    count((maxLength) => new LineFraming({ maxLength }), 1, size),
  ),
  'enable options.slowTask': duration((slowTask) => {
    try {
      enable({ slowTask });
    } finally {
      disable();
    }
  }),
  'serve options.port': {
    ...counted(count((port) => serve({ port }).then((server) => server.close()), 0, 65_535)),
    takes: [0],
  },
  'snapshot options.limit': duration((limit) => snapshot({ limit })),
  'new Offload options.threads': {
    ...counted(count((threads) => offloading(() => new Offload({ threads }), destroy), 1, 1024)),
    takes: [1, 3],
  },
  'new Offload options.batch.size': counted(
    count(
      (n) => offloading(() => new Offload({ threads: 1, batch: { size: n } }), destroy),
      1,
      1000,
    ),
  ),
  'new Offload options.batch.delay': duration((delay) =>
    offloading(() => new Offload({ threads: 1, batch: { delay } }), destroy),
  ),
  'Offload#close options.grace': duration((grace) =>
    offloading(
      () => new Offload({ threads: 1 }),
      (pool) => {
        try {
          void pool.close({ grace });
        } finally {
          pool.destroy();
        }
      },
    ),
  ),
  'simulate options.seed': counted(
    count((seed) => simulate(() => undefined, { seed, schedules: 1 }), 0, 2 ** 32 - 1),
  ),
  'simulate options.schedules': {
    ...counted(count((schedules) => simulate(() => undefined, { schedules }), 1, 1e9)),
    takes: [1, 20],
  },
};

/** What is given to a formatter, told by an error, or handed over by a simulation is not checked. */
const NOT_CHECKED = /^(format |new Scheduler parts\.|new OffloadError |new SimulationError )/;

const NO_NUMBERS: readonly unknown[] = [5n, '5', null, {}, [1], true, Symbol('5')];

/** Of a promise, too. Must not take long, whatever it was given. */
async function errorOf(
  t: Parameters<typeof inTask>[0],
  row: Row,
  value: unknown,
): Promise<unknown> {
  let answer: unknown;
  const error = await inTask(t, () =>
    caught(() => timeout(1000, () => (answer = row.call(value as never)))),
  );
  if (error !== undefined) return error;
  return Promise.resolve(answer).then(
    () => undefined,
    (failure: unknown) => failure,
  );
}

const isRefusal = (error: unknown): error is FiberError =>
  error instanceof FiberError && error.code.startsWith('ERR_FIBER_INVALID_ARG');

test('every public function that takes a number has a row here', (t) => {
  const found = publicNumbers(['', 'io', 'inspect', 'offload', 'testing']);
  const missing = found.filter((place) => !(place in rows) && !NOT_CHECKED.test(place));
  t.deepEqual(missing, [], 'add rows for these');
  t.true(found.length > 30);
});

for (const [place, row] of Object.entries(rows)) {
  test.serial(place, async (t) => {
    const name = place.split(/[ #]/).at(-1) ?? '';
    const wording = new RegExp(`\\b${name} must be .*, not `);
    for (const value of row.refuses) {
      const error = await errorOf(t, row, value);
      t.like(error, { code: 'ERR_FIBER_INVALID_ARG_VALUE' }, String(value));
      t.regex((error as Error).message, wording);
    }
    for (const value of NO_NUMBERS) {
      if (typeof value === 'object' && value !== null && / (at|to)$/.test(place)) continue;
      const error = await errorOf(t, row, value);
      t.true(isRefusal(error), `${String(value)}: ${String(error)}`);
      t.regex((error as Error).message, wording);
    }
    for (const value of row.takes) {
      const error = await errorOf(t, row, value);
      t.false(isRefusal(error), `${String(value)}: ${String(error)}`);
    }
  });
}

test('what is longer than a timer of Node can be is slept for, and not warned about', async (t) => {
  const warnings: string[] = [];
  const warned = ({ name }: Error): void => {
    warnings.push(name);
  };
  process.on('warning', warned);
  await inTask(t, () => {
    for (const ms of [2 ** 31, 2 ** 31 + 5, 2 ** 32, 2 ** 33 + 1, 1e12, 1e300, Infinity]) {
      for (const call of [
        () => {
          sleep(ms);
        },
        () => select([{ after: ms }]),
        () => timeout(ms, () => sleep(1000)),
        () => deadline(ms, () => sleep(1000)),
      ]) {
        t.true(caught(() => timeout(3, call)) instanceof TimeoutError, String(ms));
      }
      t.is(
        timeout(ms, () => {
          sleep(2);
          return 'in time';
        }),
        'in time',
      );
    }
    sleep(5);
  });
  process.off('warning', warned);
  t.deepEqual(warnings, []);
});
