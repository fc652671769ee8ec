// Addons that use Node-API and call JavaScript that yields.
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { Fiber } from 'greenfiber';

import { answerOf } from '../helpers/answer';
import { addonPath, loadAddon } from '../helpers/test-addon';

const program = (body: string): string => `
  const { Fiber } = require('greenfiber');
  const addon = require(${JSON.stringify(addonPath('napi_addon'))});
  ${body}`;

test('the usual pattern, a call into JavaScript without open scopes, may be left and re-entered in any order', (t) => {
  const addon = loadAddon('napi_addon');
  const fibers = [1, 2, 3].map(
    (i) => new Fiber<unknown, unknown, unknown>(() => addon.plain(() => Fiber.yield(i))),
  );
  t.deepEqual(
    fibers.map((fiber) => fiber.resume()),
    [1, 2, 3],
  );
  gc!();
  t.deepEqual(
    [1, 2, 0].map((i) => fibers[i]!.resume(i)),
    [1, 2, 0],
  );
});

test('calls nested in calls, too', (t) => {
  const addon = loadAddon('napi_addon');
  const deep = (level: number): unknown =>
    level === 0 ? Fiber.yield() : addon.plain(() => deep(level - 1));
  const fibers = [3, 10, 6].map((level) => new Fiber<unknown, unknown, unknown>(() => deep(level)));
  for (const fiber of fibers) fiber.resume();
  t.deepEqual(
    fibers.map((fiber, i) => fiber.resume(i)),
    [0, 1, 2],
  );
});

test('errors of JavaScript pass through the addon of their own fiber', (t) => {
  const addon = loadAddon('napi_addon');
  const fibers = [1, 2, 3].map(
    (i) =>
      new Fiber(() => {
        const caught = addon.catching(() => {
          Fiber.yield();
          throw new Error(`caught ${i}`);
        }) as Error;
        try {
          addon.plain(() => {
            Fiber.yield();
            throw new Error(`passed ${i}`);
          });
        } catch (error) {
          return [caught.message, (error as Error).message];
        }
        return [];
      }),
  );
  for (const fiber of fibers) fiber.resume();
  for (const fiber of [...fibers].reverse()) fiber.resume();
  t.deepEqual(
    fibers.map((fiber) => fiber.resume()),
    [1, 2, 3].map((i) => [`caught ${i}`, `passed ${i}`]),
  );
});

test('a fiber that sleeps in an addon can be unwound', (t) => {
  const addon = loadAddon('napi_addon');
  let unwound = false;
  const fiber = new Fiber(() =>
    addon.plain(() => {
      try {
        Fiber.yield();
      } finally {
        unwound = true;
      }
    }),
  );
  fiber.resume();
  fiber.return();
  t.true(unwound);
  t.is(
    addon.plain(() => 5),
    5,
  );
});

test('napi_make_callback and a threadsafe function may run fibers that yield', async (t) => {
  const body = `
    const seen = [];
    const fibers = [1, 2].map((i) => new Fiber(() => addon.makeCallback(() => { Fiber.yield(); return i; })));
    setTimeout(() => {
      fibers[0].resume();
      setTimeout(() => {
        seen.push(fibers[0].resume());
        const loop = new Fiber(() => { for (let i = 0; ; i++) seen.push('loop ' + i), Fiber.yield(); });
        addon.fromEventLoop(() => loop.resume());
        addon.fromEventLoop(() => loop.resume());
        setTimeout(() => console.log(JSON.stringify(seen)), 10);
      }, 1);
    }, 1);`;
  t.deepEqual(await answerOf(t, program(body)), [1, 'loop 0', 'loop 1']);
});

test('a scope that is open across a yield is no matter while no other call of that addon is in between', async (t) => {
  const body = `
    const one = new Fiber(() => addon.insideHandleScope(() => Fiber.yield(1)));
    const two = new Fiber(() => addon.insideCallbackScope(() => Fiber.yield(2) ?? 3));
    const seen = [one.resume()];
    one.resume();
    seen.push(two.resume());
    setTimeout(() => {
      seen.push(two.resume());
      console.log(JSON.stringify(seen));
    }, 1);`;
  t.deepEqual(await answerOf(t, program(body)), [1, 2, 3]);
});

// Node counts an addon's open scopes, and aborts when a callback ends with other counts than it began with.
for (const scope of ['insideHandleScope', 'insideEscapableScope', 'insideCallbackScope']) {
  test(`fibers leave ${scope} in any order`, async (t) => {
    const body = `
      const seen = [];
      const fibers = [1, 2, 3].map((i) => new Fiber(() => {
        addon.${scope}(() => { seen.push(i); Fiber.yield(); });
        addon.plain(() => seen.push(10 * i));
      }));
      for (const i of [0, 1, 2, 0, 2, 1]) fibers[i].resume();
      addon.${scope}(() => fibers.push(new Fiber(() => addon.${scope}(() => Fiber.yield()))));
      addon.${scope}(() => { fibers[3].resume(); });
      fibers[3].resume();
      console.log(JSON.stringify(seen));`;
    t.deepEqual(await answerOf(t, program(body)), [1, 2, 3, 10, 30, 20]);
  });
}

test('scopes of several kinds in each other, left in random order by many fibers and tasks', async (t) => {
  const body = `
    const { sleep, spawn, yieldNow } = require('greenfiber');
    let seed = 7;
    const random = (below) => (seed = (seed * 48271) % 0x7fffffff) % below;
    const kinds = Object.keys(addon).filter((name) => name !== 'fromEventLoop');
    let ended = 0;
    const deep = (level, rest) => {
      if (level === 0) return rest();
      addon[kinds[random(kinds.length)]](() => { deep(level - 1, rest); if (random(2)) rest(); });
    };
    const fibers = Array.from({ length: 60 }, () => new Fiber(() => { deep(random(6), Fiber.yield); ended++; }));
    let alive = fibers;
    const resumeOne = () => alive[random(alive.length)]?.resume();
    while (alive.length > 0) {
      if (random(3)) resumeOne();
      else addon[kinds[random(kinds.length)]](resumeOne);
      alive = alive.filter((fiber) => !fiber.done);
    }
    for (let i = 0; i < 60; i++) {
      spawn(() => { deep(random(6), () => (random(2) ? yieldNow() : sleep(random(3)))); ended++; });
    }
    process.on('exit', () => console.log(ended));`;
  t.is(await answerOf(t, program(body)), 120);
});

test('an addon that is loaded later counts for itself, also when a fiber loads it inside of another one', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'greenfiber-'));
  t.teardown(() => {
    rmSync(folder, { recursive: true });
  });
  const copies = ['one', 'two'].map((name) => {
    const copy = join(folder, `${name}.node`);
    copyFileSync(addonPath('napi_addon'), copy);
    return copy;
  });
  const body = `
    const copies = ${JSON.stringify(copies)};
    const fibers = [0, 1].map((i) => new Fiber(() => addon.insideHandleScope(() => {
      const other = require(copies[i]);
      Fiber.yield();
      other.insideHandleScope(() => Fiber.yield());
      Fiber.yield();
    })));
    const later = new Fiber(() => require(copies[0]).insideHandleScope(() => Fiber.yield()));
    for (const fiber of [...fibers, ...fibers, later, ...fibers, ...fibers, later]) fiber.resume();
    console.log(fibers.every((fiber) => fiber.done) && later.done);`;
  t.true(await answerOf(t, program(body)));
  const worker = `
    const { Worker } = require('node:worker_threads');
    new Worker(${JSON.stringify(program(body))}, { eval: true });`;
  t.true(await answerOf(t, worker));
});

test('a fiber that is unwound, or given up, in an open scope leaves the others theirs', async (t) => {
  const body = `
    const asleep = (scope) => {
      const fiber = new Fiber(() => addon[scope](() => Fiber.yield()));
      fiber.resume();
      return fiber;
    };
    const kept = asleep('insideHandleScope'), unwound = asleep('insideHandleScope'), thrown = asleep('insideCallbackScope');
    asleep('insideHandleScope'); // given up: nobody continues it
    unwound.return();
    const caught = [];
    try { thrown.throw(new Error('thrown')); } catch (error) { caught.push(error.message); }
    kept.resume();
    console.log(JSON.stringify([...caught, kept.done]));`;
  t.deepEqual(await answerOf(t, program(body)), ['thrown', true]);
});
