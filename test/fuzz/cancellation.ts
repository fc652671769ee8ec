/**
 * Tasks in every blocking call, cancelled at random moments: `node dist-test/fuzz/cancellation.js --minutes 10
 * [--seed 1]`. Prints the seed of a round that failed.
 */
import { setTimeout as later } from 'node:timers/promises';

import {
  abortable,
  Barrier,
  Channel,
  Condition,
  currentSignal,
  deadline,
  Event,
  group,
  Mutex,
  now,
  Once,
  RwLock,
  Scheduler,
  select,
  Semaphore,
  shield,
  sleep,
  sync,
  timeout,
  wait,
  WaitGroup,
  yieldNow,
  type Task,
} from 'greenfiber';
import { connect, listen, type Connection } from 'greenfiber/io';
import { Offload } from 'greenfiber/offload';

type Random = () => number;

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
function randomOf(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const failing = async (ms: number): Promise<never> => {
  await later(ms);
  throw new Error('expected');
};

/** What tasks block in together, and may leave behind. */
class World {
  readonly mutex = new Mutex();
  readonly lock = new RwLock();
  readonly semaphore = new Semaphore(2, 2);
  readonly changed = new Condition(this.mutex);
  readonly channel = new Channel<number>();
  readonly event = new Event();
  readonly pending = new Promise<never>(() => undefined);
  readonly barrier = new Barrier(3);
  readonly count = new WaitGroup();

  constructor(
    readonly random: Random,
    readonly offload: Offload,
    readonly port: number,
  ) {}

  ms(most: number): number {
    return Math.floor(this.random() * most);
  }

  /** Each blocks in one way, and leaves no lock held. */
  readonly calls: (() => unknown)[] = [
    () => sleep(this.ms(5)),
    () => yieldNow(),
    () => wait(later(this.ms(5))),
    () => wait(failing(this.ms(5))),
    () => wait(this.pending),
    () => sync(failing)(this.ms(3)),
    () => sync.callback((done: (error: unknown) => void) => setTimeout(done, this.ms(4), null))(),
    () => this.mutex.run(() => sleep(this.ms(3))),
    () => this.mutex.run(async () => later(this.ms(3))),
    () => this.lock.read(() => sleep(this.ms(3))),
    () => this.lock.write(() => sleep(this.ms(3))),
    () => this.semaphore.run(() => sleep(this.ms(3))),
    () => this.mutex.run(() => this.changed.wait()),
    () => this.mutex.run(() => this.changed.notifyAll()),
    () => this.channel.send(1),
    () => this.channel.receive(),
    () => this.event.wait(),
    () => this.#meet(),
    () => this.count.wait(),
    () => new Once<void>().run(() => sleep(this.ms(3))),
    () =>
      select([
        { receive: this.channel },
        { after: this.ms(5) },
        { settled: failing(this.ms(3)) },
        { aborted: AbortSignal.timeout(5) },
      ]),
    () => timeout(this.ms(4), () => wait(this.pending)),
    () => deadline(now() + this.ms(4), () => sleep(10)),
    () => abortable(AbortSignal.timeout(this.ms(5)), () => wait(failing(10))),
    () => shield(() => sleep(this.ms(2))),
    () => wait(later(10, undefined, { signal: currentSignal() })),
    () => this.offload.kernels.arith(new Int32Array(4), 4),
    () => this.#talk(),
    () => this.#group(),
  ];

  one(): unknown {
    return this.calls[Math.floor(this.random() * this.calls.length)]?.();
  }

  #meet(): void {
    if (this.barrier.broken) this.barrier.reset();
    this.barrier.wait();
  }

  #talk(): void {
    const connection: Connection = connect(this.port, '127.0.0.1');
    try {
      connection.write('hello\n');
      connection.readLine();
      connection.end();
    } finally {
      connection.destroy();
    }
  }

  #group(): void {
    group((g) => {
      g.spawn(() => sleep(this.ms(4)));
      g.spawn(async () => failing(this.ms(4)));
      g.spawn(() => wait(this.pending));
      if (this.random() < 0.5) g.cancel();
    });
  }
}

function tryCall(call: () => unknown): void {
  try {
    call();
  } catch {
    // Cancelled, or told that it failed: either is fine.
  }
}

/** One round: many tasks, cancelled in every way. Throws when one is left, or a lock is held. */
async function round(seed: number, offload: Offload, port: number): Promise<void> {
  const random = randomOf(seed);
  const world = new World(random, offload, port);
  const scheduler = new Scheduler();
  const tasks: Task<unknown>[] = Array.from({ length: 60 }, () =>
    scheduler.spawn(() => {
      for (let i = 0; i < 6; i++) {
        const how = random();
        if (how < 0.3) tryCall(() => timeout(world.ms(6), () => world.one()));
        else if (how < 0.5)
          tryCall(() => abortable(AbortSignal.timeout(world.ms(6)), () => world.one()));
        else tryCall(() => world.one());
      }
    }),
  );
  const members = scheduler.spawn(() => {
    group((g) => {
      for (let i = 0; i < 20; i++) g.spawn(() => world.one());
    });
  });
  tasks.push(members);
  for (const task of tasks) task.then(undefined, () => undefined);
  for (const end = Date.now() + 15; Date.now() < end; await later(1)) {
    tasks[Math.floor(random() * tasks.length)]?.cancel();
  }
  for (const task of tasks) task.cancel();
  for (const limit = Date.now() + 5000; scheduler.stats().alive > 0; await later(1)) {
    if (Date.now() > limit) throw new Error('a cancelled task has not ended');
  }
  const { mutex, lock, semaphore } = world;
  const probe = scheduler.spawn(() =>
    timeout(5000, () => {
      mutex.run(() => undefined);
      lock.write(() => undefined);
      semaphore.acquire();
      semaphore.acquire();
    }),
  );
  await probe;
}

/** Rounds for so many milliseconds; answers how many. */
export async function cancelAtRandom(seed: number, ms: number): Promise<number> {
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => {
    unhandled.push(error);
  };
  process.on('unhandledRejection', note);
  const offload = new Offload({ threads: 1 });
  const listening = new Scheduler().spawn(() => listen(0, '127.0.0.1'));
  const listener = await listening;
  const serving = new Scheduler().spawn(() =>
    listener.serve(
      (connection) => {
        for (const line of connection.lines()) connection.write(`${line}\n`);
      },
      { onError: () => undefined },
    ),
  );
  const end = Date.now() + ms;
  let rounds = 0;
  try {
    for (; rounds === 0 || Date.now() < end; rounds++) {
      try {
        await round(seed + rounds, offload, listener.port);
        if (unhandled.length > 0) throw unhandled[0];
      } catch (cause) {
        throw new Error(`seed ${String(seed + rounds)} failed`, { cause });
      }
    }
  } finally {
    listener.shutdown(0);
    await serving.then(undefined, () => undefined);
    await offload.close();
    process.off('unhandledRejection', note);
  }
  return rounds;
}

async function run(seed: number, ms: number): Promise<void> {
  const heap = (): number => {
    globalThis.gc?.();
    return process.memoryUsage().heapUsed;
  };
  const first = await cancelAtRandom(seed, ms / 3);
  const before = heap();
  const rounds = first + (await cancelAtRandom(seed + first, (2 * ms) / 3));
  const grown = (heap() - before) / 1024;
  console.log(
    `${String(rounds)} rounds, heap grown by ${grown.toFixed(0)} KiB since a third of them`,
  );
}

function argument(name: string, otherwise: number): number {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
}

if (require.main === module) {
  const minutes = argument('minutes', 1);
  const seed = argument('seed', 1);
  void run(seed, minutes * 60_000);
}
