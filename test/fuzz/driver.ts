/* eslint-disable @typescript-eslint/no-explicit-any --
   on purpose: tests of odd programs */
// Random legal and illegal calls on fibers, checked against a model of what each may answer. Runs as a child
// process of fiber.test.ts:
//
//   node --expose-gc driver.js <seed> <seconds>
//
// The same seed makes the same calls. Every round ends with all fibers returned and the numbers of stats() back
// where they were.
import { Fiber, FiberError, FiberKilled, stats, type FiberState } from 'greenfiber';

import { builtIns, type BuiltIn } from '../helpers/built-ins';
import { randomBelow } from '../helpers/random';
import { expect, Mismatch, Thrown, tolerated } from './findings';

const seed = Number(process.argv[2] ?? 1);
const seconds = Number(process.argv[3] ?? 3);
const trace = process.env['GREENFIBER_FUZZ_TRACE'] === '1';

const random = randomBelow(seed);
const pick = <T>(from: readonly T[]): T => from[random(from.length)] as T;

/** How a suspended fiber sleeps, which decides what may wake it. */
type Sleep = 'yield' | 'transfer';

/** A fiber and what is known of it. */
interface Model {
  fiber: Fiber;
  state: FiberState;
  sleep: Sleep;
  /** Whether it was started by transfer, so that it may not yield before a throw or return makes it a child. */
  child: boolean;
  killed: boolean;
}

let models: Model[] = [];
/** Models of the fibers that run or wait for one that they resumed, outermost first. */
let chain: Model[] = [];
let operations = 0;
let budget = 0;

const through: BuiltIn[] = [
  (ask) => ask(1),
  (ask) => ask(1),
  ...Object.entries(builtIns)
    // Known to be reported separately where two fibers are in it at once.
    .filter(([name]) => !/Intl|vm context|Date/.test(name))
    .map(([, builtIn]) => builtIn),
];

function say(...what: unknown[]): void {
  if (trace) console.error('  '.repeat(chain.length), ...what);
}

const running = (): Model | undefined => chain.at(-1);

function codeOf(call: () => unknown): string {
  try {
    call();
    return 'none';
  } catch (error) {
    if (error instanceof FiberError) return error.code;
    throw error;
  }
}

function create(): void {
  const kind = random(10);
  if (kind === 0) {
    const garbage: unknown = pick([
      null,
      1,
      'x',
      { stackSize: -1 },
      { stackSize: '1' },
      { name: 1 },
      { stackSize: 2 ** 40 },
    ]);
    const code = codeOf(() => new Fiber(() => 1, garbage as object));
    expect(code.startsWith('ERR_FIBER_INVALID'), `garbage options: ${code}`);
    return;
  }
  const options =
    kind === 1
      ? { stackSize: pick([131072, 2 ** 19, 2 ** 20]) }
      : kind === 2
        ? { name: 'named' }
        : undefined;
  const model = { state: 'created', sleep: 'yield', child: true, killed: false } as Model;
  model.fiber = new Fiber((first) => body(model, first), options);
  models.push(model);
}

function body(model: Model, first: unknown): unknown {
  expect(model.fiber.state === 'running', `a body starts ${model.fiber.state}`);
  expect(first === undefined || typeof first === 'number', 'first value');
  const result = random(50) === 0 ? overflow() : act(3 + random(6));
  if (random(8) === 0) throw new Thrown('out of the body');
  return result;
}

function overflow(): unknown {
  const recurse = (): number => recurse() + 1;
  try {
    return recurse();
  } catch {
    return undefined;
  }
}

/** Calls of the running fiber (or the main stack), some below a built-in or a deeper frame. */
function act(count: number): number {
  for (let i = 0; i < count && budget > 0; i++) {
    budget--;
    operations++;
    try {
      if (running() !== undefined && random(3) === 0) suspendThrough();
      else if (random(12) === 0) act(1 + random(3));
      else pick(moves)();
    } catch (error) {
      if (error instanceof FiberKilled && running()?.killed === true && random(4) !== 0)
        throw error;
      if (!tolerated(error)) throw error;
      if (random(3) === 0) throw error;
    } finally {
      if (random(40) === 0) look();
    }
  }
  return count;
}

function suspendThrough(): void {
  const result = pick(through)((value) => {
    suspend();
    return typeof value === 'number' ? value + 1 : value;
  });
  say('built-in answered', typeof result);
}

function suspend(): void {
  const self = running();
  if (self === undefined) {
    expect(codeOf(() => Fiber.yield()) === 'ERR_FIBER_NOT_IN_FIBER', 'yield on the main stack');
    return;
  }
  const { fiber } = self;
  expect(Fiber.current === fiber, 'current before yield');
  if (!self.child) {
    expect(!Fiber.isYieldable(), 'a transferred fiber is yieldable');
    const code = codeOf(() => Fiber.yield(1));
    expect(
      code === (self.killed ? 'ERR_FIBER_KILLED' : 'ERR_FIBER_TRANSFER'),
      `yield of a transferred fiber: ${code}`,
    );
    return;
  }
  say('yield of', fiber.id);
  if (!self.killed) {
    self.state = 'suspended';
    self.sleep = 'yield';
  }
  const got: unknown = Fiber.yield(random(100));
  expect(Fiber.current === fiber, 'current after yield');
  expect(got === undefined || typeof got === 'number', `yield answered ${typeof got}`);
}

/** Continues `model` as a child of whoever runs, and keeps the model right. */
function enter(model: Model, call: () => unknown): void {
  const depth = chain.length;
  const above = running();
  if (above !== undefined) above.state = 'resuming';
  model.state = 'running';
  model.child = true;
  chain.push(model);
  try {
    const answer = call();
    expect(typeof answer !== 'function', 'answer');
  } finally {
    chain.length = depth;
    if (above !== undefined) above.state = 'running';
    model.state = model.fiber.done ? 'finished' : 'suspended';
    expect(Fiber.current === above?.fiber, 'current after a resume');
  }
}

const canResume = (model: Model): boolean =>
  model.state === 'created' || (model.state === 'suspended' && model.sleep === 'yield');

function refusal(model: Model): string {
  if (model.state === 'finished') return 'ERR_FIBER_FINISHED';
  return model.state === 'suspended' ? 'ERR_FIBER_TRANSFER' : 'ERR_FIBER_RUNNING';
}

const moves: (() => void)[] = [
  create,
  create,
  function resume() {
    if (models.length === 0) return;
    const model = pick(models);
    const next = random(3) === 0;
    say(next ? 'next' : 'resume', model.fiber.id, model.state);
    if (next && model.state === 'finished') {
      const { done, value } = model.fiber.next();
      expect(done === true && value === undefined, 'next of a finished fiber');
    } else if (canResume(model)) {
      enter(model, () => (next ? model.fiber.next(1) : model.fiber.resume(1)));
    } else {
      const code = codeOf(() => (next ? model.fiber.next() : model.fiber.resume()));
      expect(code === refusal(model), `resume of ${model.state} ${model.sleep}: ${code}`);
    }
  },
  function raise() {
    if (models.length === 0) return;
    const model = pick(models);
    const error = new Thrown('raised');
    say('throw', model.fiber.id, model.state);
    if (model.state === 'suspended') return enter(model, () => model.fiber.throw(error));
    if (model.state === 'created') model.state = 'finished';
    try {
      model.fiber.throw(error);
    } catch (caught) {
      if (model.state !== 'finished' || caught === error) {
        expect(caught === error, 'the error itself');
        throw caught;
      }
      expect((caught as FiberError).code === 'ERR_FIBER_FINISHED', 'throw into a finished fiber');
    }
  },
  function finish() {
    if (models.length === 0) return;
    const model = pick(models);
    const dispose = random(4) === 0;
    say(dispose ? 'dispose' : 'return', model.fiber.id, model.state);
    const call = (): unknown => (dispose ? model.fiber[Symbol.dispose]() : model.fiber.return());
    if (model.state === 'suspended') {
      model.killed = true;
      enter(model, call);
      expect((model.fiber.state as string) === 'finished', `return left it ${model.fiber.state}`);
    } else if (model.state === 'created' || model.state === 'finished') {
      call();
      model.state = 'finished';
    } else if (model.state === 'resuming') {
      const code = codeOf(call);
      expect(code === 'ERR_FIBER_RUNNING', `return of a fiber that waits for the caller: ${code}`);
    } else {
      model.killed = true;
      call();
      expect(false, 'return of a running fiber came back');
    }
  },
  function throughLoop() {
    const model = models.find((candidate) => candidate.state === 'created');
    if (model === undefined) return;
    say('for-of', model.fiber.id);
    model.killed = true;
    enter(model, () => {
      for (const value of model.fiber) {
        expect(value === undefined || typeof value === 'number', 'iterated value');
        break;
      }
      return model.fiber.return().done;
    });
  },
  function transferIllegally() {
    if (models.length === 0) return;
    const model = pick(models);
    say('transfer', model.fiber.id, model.state);
    if (model === running()) {
      expect(model.fiber.transfer(7) === 7, 'transfer to itself');
    } else if (model.state === 'finished') {
      expect(
        codeOf(() => model.fiber.transfer()) === 'ERR_FIBER_FINISHED',
        'transfer to a finished fiber',
      );
    } else if (
      model.state === 'resuming' ||
      (model.state === 'suspended' && model.sleep === 'yield')
    ) {
      const code = codeOf(() => model.fiber.transfer());
      const killed = running()?.killed === true && code === 'ERR_FIBER_KILLED';
      expect(code === 'ERR_FIBER_TRANSFER' || killed, `transfer to ${model.state}: ${code}`);
    }
  },
  function transferRing() {
    // Only from the main stack, and with fibers of its own: the whole ring is over when it comes back.
    if (chain.length > 0) return;
    const hops = 1 + random(20);
    let left = hops;
    const ring: Fiber[] = Array.from(
      { length: 1 + random(4) },
      (): Fiber =>
        new Fiber(() => {
          while (left-- > 0) {
            const to = pick(ring);
            if (to.state === 'finished') continue;
            if (random(4) === 0)
              pick(through)((value) => (pick(ring).done ? value : (pick(ring), value)));
            to.transfer(1);
            if (random(30) === 0) throw new Thrown('out of the ring');
          }
          return 'over';
        }),
    );
    try {
      const answer = ring[0]!.transfer();
      expect(answer === 'over', `the ring answered ${String(answer)}`);
      if (random(2) === 0) collect();
    } finally {
      for (const fiber of ring) fiber.return();
    }
    expect(
      ring.every((fiber) => fiber.done),
      'the ring is over',
    );
  },
  function strangers() {
    const stranger = pick([{}, null, Fiber.prototype, Fiber]);
    const key = pick(['resume', 'throw', 'return', 'transfer', 'next'] as const);
    try {
      (Fiber.prototype[key] as any).call(stranger);
    } catch (error) {
      return expect(error instanceof TypeError, 'brand');
    }
    expect(false, 'a stranger was taken');
  },
  function sees() {
    look();
    if (models.length > 0) expect(typeof pick(models).fiber.stack === 'string', 'stack');
    if (running() === undefined) expect(!Fiber.isYieldable(), 'yieldable on the main stack');
  },
  collect,
];

function collect(): void {
  if (random(6) !== 0) return;
  if (random(3) === 0) gc!();
  else gc!({ type: 'minor' } as never);
}

function look(): void {
  for (const { fiber, state } of models) {
    expect(fiber.state === state, `fiber ${fiber.id} is ${fiber.state}, not ${state}`);
    expect(fiber.done === (state === 'finished'), 'done');
  }
  expect(Fiber.current === running()?.fiber, 'current');
}

function round(): void {
  models = [];
  chain = [];
  budget = 400;
  const { alive } = stats();
  try {
    act(60);
  } catch (error) {
    if (!tolerated(error)) throw error;
  }
  expect(chain.length === 0, 'back on the main stack');
  look();
  budget = 0;
  for (const model of models) {
    if (model.fiber.done) continue;
    model.killed = true;
    try {
      enter(model, () => model.fiber.return());
    } catch (error) {
      if (!tolerated(error)) throw error;
    }
  }
  look();
  expect(stats().alive === alive, `${stats().alive - alive} fibers are left`);
}

process.on('warning', () => undefined); // terminations
const end = Date.now() + seconds * 1000;
let rounds = 0;
let settled = 0;
try {
  do {
    round();
    rounds++;
    if (rounds === 200) {
      gc!();
      settled = process.memoryUsage.rss();
    }
  } while (Date.now() < end);
  gc!();
  const growth = settled === 0 ? 0 : process.memoryUsage.rss() - settled;
  if (growth > 150 * 2 ** 20)
    throw new Mismatch(`memory grew by ${Math.round(growth / 2 ** 20)} MB`);
  console.log(`${rounds} rounds, ${operations} operations`);
} catch (error) {
  console.error(`seed ${seed}, round ${rounds}:`, error);
  process.exitCode = 1;
}
