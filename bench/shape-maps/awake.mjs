// How long a minor collection takes, in processor time of the main thread, when `count` tasks have just run and sleep
// again: microseconds for each of them. `same` sleeps in one place; `varied` in dozens, below built-ins and middleware.
// A third, `switch`, is what a yield and a task cost beside it, in nanoseconds. Run by run.mjs.
import { setImmediate as turn } from 'node:timers/promises';
import { Channel, Fiber, sleep, spawn, stats, wait, yieldNow } from 'greenfiber';

const [kind, given] = process.argv.slice(2);
const count = Number(given);

const median = (list) => list.sort((a, b) => a - b)[list.length >> 1];

// Up to Node 22 only the time of all threads is known, of which the helpers of a collection are few.
function microseconds() {
  const { user, system } = process.threadCpuUsage?.() ?? process.cpuUsage();
  return user + system;
}

let wakes = [];
let asleep = 0;
let rounds = 0;
const mailbox = new Channel(0);
const places = [
  () => wait(new Promise((resolve) => wakes.push(resolve))),
  () => mailbox.receive(),
  () => sleep(20),
];

function pause(place) {
  asleep++;
  const value = places[place]();
  asleep--;
  rounds++;
  return value;
}

class Base {
  constructor(place) {
    this.value = pause(place);
  }
}
class Derived extends Base {}

const handlers = [
  (request, place) => ({ request, value: pause(place) }),
  (request, place) => [request].map((one) => ({ one, value: pause(place) })),
  (request, place) => JSON.stringify({ a: 1, b: { toJSON: () => String(pause(place)) } }),
  (request, place) => 'x-y'.replace(/[xy]/, (match) => match + pause(place)),
  (request, place) => new Derived(place),
  (request, place) => Reflect.apply((...all) => [all.length, pause(place)], null, [1, request]),
];
const middleware = (next) => (request, place) => {
  request.calls++;
  return next(request, place);
};
const stacked = handlers.flatMap((handler) => [
  handler,
  middleware(handler),
  middleware(middleware(handler)),
]);

async function collections() {
  const [ways, where] = kind === 'same' ? [1, 1] : [stacked.length, places.length];
  for (let i = 0; i < count; i++) {
    const run = stacked[i % ways];
    spawn(() => {
      const request = { i, calls: 0 };
      for (;;) run(request, i % where);
    }).unref();
  }
  while (asleep < count) await turn();
  const each = [];
  for (let round = 0; round < 14; round++) {
    const before = rounds;
    const woken = wakes;
    wakes = [];
    for (const wake of woken) wake(1);
    while (mailbox.trySend(round));
    do await turn();
    while (asleep < count || rounds < before + 0.9 * count);
    const start = microseconds();
    globalThis.gc({ type: 'minor' });
    each.push((microseconds() - start) / count);
    globalThis.gc({ type: 'minor' });
    globalThis.gc({ type: 'minor' });
  }
  const { visited, walked } = stats().shapeMaps ?? {};
  return { each: median(each.slice(2)), share: visited / (visited + walked) || 0 };
}

function timed(calls, call) {
  const runs = [];
  for (let run = 0; run < 15; run++) {
    const start = microseconds();
    call(calls);
    runs.push(((microseconds() - start) * 1e3) / calls);
  }
  return median(runs);
}

async function switches() {
  const fiber = new Fiber(() => {
    for (;;) Fiber.yield();
  });
  const resume = timed(count, (calls) => {
    for (let i = 0; i < calls; i++) fiber.resume();
  });
  const [yields, joins] = await spawn(() => {
    let ends = false;
    const other = spawn(() => {
      while (!ends) yieldNow();
    });
    const turns = timed(count, (calls) => {
      for (let i = 0; i < calls; i++) yieldNow();
    });
    ends = true;
    other.join();
    const spawned = timed(count, (calls) => {
      for (let i = 0; i < calls; i++) spawn(() => i).join();
    });
    return [turns, spawned];
  });
  return { resume, yieldNow: yields, 'spawn + join': joins };
}

console.log(JSON.stringify(await (kind === 'switch' ? switches() : collections())));
process.exit(0);
