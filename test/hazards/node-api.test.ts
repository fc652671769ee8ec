// Addons that use Node-API and call JavaScript that yields.
import test from 'ava';
import { Fiber } from 'greenfiber';

import { answerOf } from '../helpers/answer';
import { runChild } from '../helpers/child';
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

// Node counts an addon's open scopes per environment and aborts when a callback ends with more than it began.
for (const [scope, text] of [
  ['insideHandleScope', 'open_handle_scopes'],
  ['insideCallbackScope', 'open_callback_scopes'],
] as const) {
  test(`documented limit: Node aborts when two fibers leave ${scope} in the wrong order`, async (t) => {
    const body = `
      const fibers = [1, 2].map((i) => new Fiber(() => { addon.${scope}(() => Fiber.yield()); return i; }));
      fibers.forEach((fiber) => fiber.resume());
      fibers.forEach((fiber) => fiber.resume());`;
    const { signal, stderr } = await runChild(program(body));
    t.is(signal, 'SIGABRT');
    t.regex(stderr, new RegExp(text));
  });
}
