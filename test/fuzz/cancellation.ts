/**
 * Tasks in every blocking call, cancelled at random moments: `node dist-test/fuzz/cancellation.js --minutes 10
 * [--seed 1]`. Prints the seed of a round that failed.
 */
import type { AddressInfo } from 'node:net';
import { setTimeout as later } from 'node:timers/promises';

import { abortable, group, Scheduler, sleep, timeout, type Task } from 'greenfiber';
import { createServer, json, send } from 'greenfiber/http';
import { format, snapshot } from 'greenfiber/inspect';
import { listen } from 'greenfiber/io';
import { Offload } from 'greenfiber/offload';

import { randomFrom } from '../helpers/random';
import { World, type Servers } from './blocking-calls';

function tryCall(call: () => unknown): void {
  try {
    call();
  } catch {
    // Cancelled, or told that it failed: either is fine.
  }
}

/** One round: many tasks, cancelled in every way. Throws when one is left, or a lock is held. */
async function round(seed: number, offload: Offload, servers: Servers): Promise<void> {
  const random = randomFrom(seed);
  const world = new World(random, offload, servers);
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
    if (Date.now() > limit)
      throw new Error(`a cancelled task has not ended:\n${format(snapshot())}`);
  }
  const { queued, running } = offload.stats().js;
  if (queued + running > 0) throw new Error('a cancelled call is still in its pool');
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
  const web = createServer(
    (request, response) => {
      const { ms } = json(request) as { ms: number };
      sleep(ms);
      send(response, { ms });
    },
    { onError: () => undefined },
  );
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${String((web.address() as AddressInfo).port)}/`;
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
        await round(seed + rounds, offload, { port: listener.port, url });
        if (unhandled.length > 0) throw unhandled[0];
      } catch (cause) {
        throw new Error(`seed ${String(seed + rounds)} failed`, { cause });
      }
    }
  } finally {
    listener.shutdown(0);
    await serving.then(undefined, () => undefined);
    await web.shutdown(0);
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
