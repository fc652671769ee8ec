// Fibers that sleep for as long as chance has it, between collections of every kind. Runs as a child process of
// generations.test.ts, and for minutes in scripts/test_stress.mjs:
//
//   node --expose-gc generations.js <seed> <seconds>
//
// Every fiber keeps young and old objects in its frames and checks each of them whenever it wakes. With
// GREENFIBER_VERIFY_GENERATIONS=1 each scavenge also visits the stacks that it leaves out, and ends the process
// at the first young object there.
import { Fiber, spawn, stats, yieldNow, type Task } from 'greenfiber';

import { randomBelow } from '../helpers/random';

const seed = Number(process.argv[2] ?? 1);
const seconds = Number(process.argv[3] ?? 3);

const random = randomBelow(seed);

interface Held {
  readonly stamp: number;
  readonly text: string;
  readonly link: Held | undefined;
}

let stamps = 0;
let checks = 0;

function make(link?: Held): Held {
  const stamp = ++stamps;
  return { stamp, text: `held ${stamp}`, link };
}

function check(held: Held | undefined): void {
  for (let at = held; at !== undefined; at = at.link) {
    checks++;
    if (at.text !== `held ${at.stamp}`) throw new Error(`${at.stamp} became ${at.text}`);
  }
}

class Thrown extends Error {
  constructor(readonly held: Held) {
    super(held.text);
  }
}

/** Frames of every kind between the fiber's body and its yield. */
const through: ((ask: () => unknown) => unknown)[] = [
  (ask) => ask(),
  (ask) => [make(), make()].map((held) => (ask(), check(held)))[0],
  (ask) => JSON.stringify({ held: make(), toJSON: () => (ask(), 1) }),
  (ask) => 'abc'.replace(/b/, () => (ask(), make().text)),
  (ask) => Reflect.apply(ask, undefined, []),
  (ask) => [3, 1, 2].sort((a, b) => (a === 3 && ask(), a - b)),
  (ask) => Reflect.get(new Proxy({}, { get: ask }), 'any'),
  (ask) => {
    const nested = new Fiber(() => {
      const held = make(make());
      ask();
      check(held);
    });
    for (const young of nested) Fiber.yield(make(young as Held));
  },
];

function sleepy(depth: number): Held {
  let young = make();
  const old = make(young);
  const kept = Array.from({ length: random(6) }, () => make());
  for (let turn = 0; turn < 2 + random(4); turn++) {
    try {
      const ask = (): unknown => {
        const answer = Fiber.yield<Held | undefined>(young);
        check(answer);
        return answer;
      };
      if (depth > 0) check(sleepy(depth - 1));
      else through[random(through.length)]?.(ask);
    } catch (error) {
      if (!(error instanceof Thrown)) throw error;
      check(error.held);
    }
    check(old);
    check(young);
    kept.forEach(check);
    young = make(random(2) === 0 ? old : undefined);
  }
  return young;
}

let fibers: Fiber<Held, Held, Held>[] = [];
let tasks: Task<unknown>[] = [];
let maxLeftOut = 0;
let waste: unknown[] = [];

function litter(): void {
  for (let i = 0; i < 200; i++) waste.push(make());
  if (waste.length > 4000) waste = [];
}

function collect(): void {
  const kind = random(40);
  if (kind === 0) gc!();
  else gc!({ type: 'minor' } as never);
}

function visit(fiber: Fiber<Held, Held, Held>): void {
  const what = random(20);
  if (what === 0) {
    const { value } = fiber.return(make());
    check(value);
  } else if (what < 4) {
    check(fiber.throw(new Thrown(make())));
  } else if (what < 6 && fiber.state === 'suspended') {
    if (!fiber.stack.includes('sleepy')) throw new Error(fiber.stack);
    check(fiber.resume(make()));
  } else {
    check(fiber.resume(make(make())));
  }
}

/** A task that sleeps between other tasks, cancelled or finished. */
function startTask(): void {
  tasks.push(
    spawn(() => {
      const held = make(make());
      for (let i = 0; i < 2 + random(20); i++) {
        new Fiber(() => {
          const inner = make();
          yieldNow();
          check(inner);
        }).resume();
        check(held);
      }
    }),
  );
}

function round(): void {
  const count = 20 + random(400);
  while (fibers.length < count) fibers.push(new Fiber(() => sleepy(random(4))));
  for (let step = 0; step < 300; step++) {
    const what = random(10);
    if (what < 6) {
      const at = random(fibers.length);
      const fiber = fibers[at];
      if (fiber === undefined) continue;
      // A fiber that nobody catches a Thrown in ends with it.
      try {
        if (fiber.state === 'created') check(fiber.resume());
        else visit(fiber);
      } catch (error) {
        if (!(error instanceof Thrown)) throw error;
        check(error.held);
      }
      if (fiber.done) fibers[at] = new Fiber(() => sleepy(random(4)));
    } else if (what < 8) {
      litter();
    } else if (what < 9) {
      collect();
    } else if (tasks.length < 50) {
      startTask();
    } else {
      tasks.splice(random(tasks.length), 1)[0]?.cancel(new Thrown(make()));
    }
  }
  maxLeftOut = Math.max(maxLeftOut, stats().flatScavenges.leftOut);
  if (random(10) === 0) {
    fibers.splice(random(fibers.length)).forEach((fiber) => {
      try {
        fiber.return();
      } catch (error) {
        if (!(error instanceof Thrown)) throw error;
      }
    });
  }
}

const end = Date.now() + seconds * 1000;
let rounds = 0;
(function next(): void {
  round();
  rounds++;
  if (Date.now() < end) {
    setImmediate(next);
    return;
  }
  for (const task of tasks) task.cancel(new Thrown(make()));
  tasks = [];
  for (const fiber of fibers) {
    try {
      fiber.return();
    } catch (error) {
      if (!(error instanceof Thrown)) throw error;
    }
  }
  fibers = [];
  const { state, reason } = stats().flatScavenges;
  console.log(
    `${rounds} rounds, ${checks} checks, at most ${maxLeftOut} left out, ${state} ${reason}`,
  );
})();
