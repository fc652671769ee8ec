// The garbage collector sees what suspended fibers hold, moves it, and drops what nobody holds.
import { setTimeout as delay } from 'node:timers/promises';

import test from 'ava';
import { Fiber } from 'greenfiber';

import { answerOf } from '../helpers/answer';
import { addonPath, loadAddon } from '../helpers/test-addon';

/** A registry that is dropped itself calls nobody. */
const registries: FinalizationRegistry<string>[] = [];

function finalizationRegistry(callback: (name: string) => void): FinalizationRegistry<string> {
  const registry = new FinalizationRegistry(callback);
  registries.push(registry);
  return registry;
}

const minor = (): void => gc!({ type: 'minor' } as never);

interface Linked {
  value: number;
  self?: Linked;
}

/** Keeps `count` young objects in frames, yields, and answers the sum of what is left. */
function hold(seed: number, count: number): number {
  const objects = Array.from({ length: count }, (_, i): Linked => ({ value: seed + i }));
  for (const object of objects) object.self = object;
  return objects.reduce((sum, object) => {
    Fiber.yield();
    return sum + object.self!.value;
  }, 0);
}

test('objects that only suspended frames hold survive collections of both kinds', (t) => {
  const fibers = Array.from({ length: 500 }, (_, i) => new Fiber(() => hold(i, 4)));
  for (let turn = 0; turn < 4; turn++) {
    for (const fiber of fibers) fiber.resume();
    minor();
    minor();
    gc!();
  }
  t.deepEqual(
    fibers.map((fiber) => fiber.resume()),
    fibers.map((_, i) => 4 * i + 6),
  );
});

test('collections inside one fiber leave all others alone', (t) => {
  const sleepers = Array.from({ length: 50 }, (_, i) => new Fiber(() => hold(i, 1)));
  for (const fiber of sleepers) fiber.resume();
  const collector = new Fiber(() => {
    for (let i = 0; i < 4; i++) {
      minor();
      gc!();
      Fiber.yield();
    }
  });
  for (const value of collector) t.is(value, undefined);
  t.deepEqual(
    sleepers.map((fiber) => fiber.resume()),
    sleepers.map((_, i) => i),
  );
});

test('an addon that enters the isolate in a fiber does not mislead the scan of the C++ stack', async (t) => {
  const source = `
    const { Fiber } = require('greenfiber');
    const addon = require(${JSON.stringify(addonPath('v8_addon'))});
    const fiber = new Fiber(() => {
      addon.enterAndLeave();
      const kept = [];
      for (let i = 0; i < 1000; i++) kept.push({ i });
      gc();
      for (let i = 0; i < 2e6; i++) kept[i % 1000] = { i };
      gc();
      Fiber.yield();
      gc();
      return kept.length;
    });
    fiber.resume();
    gc();
    console.log(fiber.resume());`;
  t.is(await answerOf(t, source), 1000);
});

test('collections are safe while a fiber is asleep inside an isolate scope of an addon', (t) => {
  const addon = loadAddon('v8_addon');
  const fiber = new Fiber<unknown, unknown, string>(() =>
    addon.insideIsolateScope(() => {
      gc!();
      const answer = Fiber.yield<string>();
      gc!();
      return answer;
    }),
  );
  fiber.resume();
  gc!();
  new Fiber(() => gc!()).resume();
  t.is(fiber.resume('answer'), 'answer');
  gc!();
});

test('a WeakRef that was read in a fiber may die while the fiber sleeps', async (t) => {
  let read: WeakRef<object> | undefined;
  const make = (): void => {
    read = new WeakRef(new Array(1000).fill(1));
  };
  const fiber = new Fiber(() => {
    make();
    read?.deref();
    Fiber.yield();
    return read?.deref();
  });
  fiber.resume();
  for (let i = 0; i < 20 && read?.deref() !== undefined; i++) {
    await delay(2);
    gc!();
  }
  t.is(fiber.resume(), undefined);
});

test.serial('finalizers run for what a fiber dropped, and not for what it holds', async (t) => {
  const finalized: string[] = [];
  const registry = finalizationRegistry((name) => finalized.push(name));
  const registerDropped = (): void => {
    for (let i = 0; i < 100; i++) registry.register({ i }, 'dropped');
  };
  const fiber = new Fiber(() => {
    registerDropped();
    const held = { held: true };
    registry.register(held, 'held');
    Fiber.yield();
    return held.held;
  });
  fiber.resume();
  for (let i = 0; i < 50 && finalized.length < 90; i++) {
    gc!();
    await delay(2);
  }
  t.true(finalized.length >= 90, `${finalized.length} finalized`);
  t.false(finalized.includes('held'));
  t.true(fiber.resume());
});

test.serial('a finalizer may run a fiber', async (t) => {
  const results: unknown[] = [];
  const registry = finalizationRegistry(() =>
    results.push(new Fiber(() => Fiber.yield(1)).resume()),
  );
  ((): void => {
    for (let i = 0; i < 10; i++) registry.register({ i }, `${i}`);
  })();
  for (let i = 0; i < 50 && results.length === 0; i++) {
    gc!();
    await delay(2);
  }
  t.true(results.length > 0 && results.every((result) => result === 1));
});

test('values passed across a switch survive a collection right after it', (t) => {
  const fiber = new Fiber<{ n: number }, void, { n: number }>(({ n }) => {
    for (;;) {
      minor();
      n = Fiber.yield<{ n: number }>({ n: n + 1 }).n;
    }
  });
  for (let i = 0; i < 20; i++) {
    const answer = fiber.resume({ n: i });
    minor();
    t.is(answer?.n, i + 1);
  }
  fiber.return();
});

test('incremental and concurrent marking see fibers that run between its steps', async (t) => {
  const answer = await answerOf(
    t,
    ({ Fiber }) => {
      const chain = (length: number): { value: number; next: unknown } =>
        Array.from({ length }).reduce<{ value: number; next: unknown }>(
          (next, _, i) => ({ value: i, next }),
          { value: -1, next: null },
        );
      const body = (): number => {
        let kept = chain(50);
        for (let i = 0; i < 200; i++) {
          const next = chain(50);
          Fiber.yield();
          kept = { value: 1, next: i % 3 === 0 ? next : kept };
          if (i % 20 === 0) kept = next;
        }
        let length = 0;
        for (let link: unknown = kept; link !== null; link = (link as typeof kept).next) length++;
        return length;
      };
      const fibers = Array.from({ length: 100 }, () => new Fiber(body));
      let last: unknown[] = [];
      while (!fibers[0]!.done) last = fibers.map((fiber) => fiber.resume());
      console.log(JSON.stringify([...new Set(last)].length));
    },
    { flags: ['--stress-incremental-marking', '--max-semi-space-size=1'] },
  );
  t.is(answer, 1);
});
