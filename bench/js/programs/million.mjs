// A million fibers that all sleep at once: what a birth, a resume and an end cost, and what each weighs.
//
// The answer is an object of figures: nanoseconds and bytes per fiber. `processor` is the time of the whole
// phase on this thread with the collector's helpers, `wall` includes whatever else the machine does.
// As a program:  node --expose-gc bench/js/programs/million.mjs [fibers] [stackSize]
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { getHeapStatistics } from 'node:v8';
import { configure, Fiber, stats } from 'greenfiber';

export const sizes = { quick: 50_000, full: 1_000_000 };

// Only the counts: the rest depends on the machine.
export const expected = (size) => ({ suspended: size, finished: size, aliveAfter: 0 });

const collect = globalThis.gc ?? (() => undefined);

function memory() {
  const status = readFileSync('/proc/self/status', 'utf8');
  const field = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)[1]) * 1024;
  return {
    resident: field('VmRSS'),
    pageTables: field('VmPTE'),
    heap: getHeapStatistics().used_heap_size,
  };
}

function phase(size, run) {
  const processor = process.cpuUsage();
  const wall = process.hrtime.bigint();
  run();
  const took = Number(process.hrtime.bigint() - wall);
  const { user, system } = process.cpuUsage(processor);
  return { wall: took / size, processor: ((user + system) * 1000) / size };
}

const warmUp = () => Fiber.yield(1);

function sleepers(size) {
  const warm = Array.from({ length: 2000 }, () => new Fiber(warmUp));
  for (let i = 0; i < 2; i++) for (const fiber of warm) fiber.resume();
  const all = new Array(size).fill(undefined);
  collect();
  const before = memory();
  const spawn = phase(size, () => {
    for (let i = 0; i < size; i++) all[i] = new Fiber(again);
    for (let i = 0; i < size; i++) all[i].resume();
  });
  collect();
  const most = memory();
  const suspended = stats().alive;
  const resume = phase(size, () => {
    for (let i = 0; i < size; i++) all[i].resume();
  });
  const finish = phase(size, () => {
    for (let i = 0; i < size; i++) all[i].resume();
  });
  const finished = all.filter((fiber) => fiber.done).length;
  const heap = (most.heap - before.heap) / size;
  return {
    suspended,
    finished,
    aliveAfter: stats().alive,
    nanoseconds: { spawn, resume, finish },
    bytes: {
      native: (most.resident - before.resident) / size - heap,
      heap,
      pageTables: (most.pageTables - before.pageTables) / size,
    },
  };
}

const again = () => {
  Fiber.yield(1);
  return Fiber.yield(2);
};

export const variants = { fibers: sleepers };

async function main([count = sizes.full, stackSize = 131_072]) {
  configure({ stackSize: Number(stackSize) });
  const before = memory();
  console.log(JSON.stringify(sleepers(Number(count)), undefined, 2));
  const start = Date.now();
  const base = before.resident;
  for (let after = memory(); ; after = memory()) {
    const { pageTables, resident, heap } = after;
    const seconds = (Date.now() - start) / 1000;
    const ended = resident < base * 1.1 && pageTables < before.pageTables * 4;
    if (ended || seconds > 180) {
      console.log(`after ${seconds.toFixed(0)} s, against the start:`, {
        resident: resident / base,
        heap: heap / before.heap,
        pageTables: pageTables / before.pageTables,
      });
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
    collect();
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await main(process.argv.slice(2));
}
