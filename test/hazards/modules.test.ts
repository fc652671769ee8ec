// Modules of both kinds, loaded in fibers.
import { join } from 'node:path';

import test from 'ava';

import { answerOf } from '../helpers/answer';

const major = Number(process.versions.node.split('.')[0]);
const fixture = (name: string): string => JSON.stringify(join(__dirname, '../fixtures', name));

const program = (body: string): string => `
  const { Fiber } = require('greenfiber');
  globalThis.pause = () => Fiber.yield('paused');
  const print = (value) => console.log(JSON.stringify(value));
  (async () => { ${body} })();`;

test('a CommonJS module may yield while it is loaded, and others see what it exports so far', async (t) => {
  const body = `
    const fiber = new Fiber(() => ({ ...require(${fixture('yields-while-loading.cjs')}) }));
    const paused = fiber.resume();
    const partial = { ...require(${fixture('yields-while-loading.cjs')}) };
    print([paused, partial, fiber.resume()]);`;
  t.deepEqual(await answerOf(t, program(body)), ['paused', { early: 1 }, { early: 1, late: 2 }]);
});

test('import() called in a fiber resolves while the fiber sleeps', async (t) => {
  const body = `
    let promise;
    const fiber = new Fiber(() => { promise = import(${fixture('plain.mjs')}); Fiber.yield(); gc(); return 1; });
    fiber.resume();
    gc();
    const { x, default: standard } = await promise;
    print([x, standard, fiber.resume()]);`;
  t.deepEqual(await answerOf(t, program(body)), [1, 2, 1]);
});

test('import() in a microtask of a drain inside the fiber works too', async (t) => {
  const body = `
    const answers = [];
    const fiber = new Fiber(() => {
      Promise.resolve().then(() => import(${fixture('plain.mjs')})).then(({ x }) => answers.push(x));
      queueMicrotask(() => { void import('data:text/javascript,export default 5').then((m) => answers.push(m.default)); });
      Fiber.yield();
    });
    fiber.resume();
    const poll = setInterval(() => {
      if (answers.length < 2) return;
      clearInterval(poll);
      fiber.resume();
      print(answers.sort());
    }, 5);`;
  t.deepEqual(await answerOf(t, program(body)), [1, 5]);
});

test('top-level await and fibers do not disturb each other', async (t) => {
  const body = `
    globalThis.makeFiber = () => new Fiber(() => { Fiber.yield(); return 4; });
    print((await import(${fixture('top-level-await.mjs')})).answer);`;
  t.is(await answerOf(t, program(body)), 4);
});

test('a module that is imported cannot be stopped by a yield on the main stack, but its fibers may', async (t) => {
  const body = `
    globalThis.pause = () => {
      try { Fiber.yield(); } catch (error) { globalThis.code = error.code; }
    };
    const { answer } = await import(${fixture('yields-while-loading.mjs')});
    print([answer, globalThis.code]);`;
  t.deepEqual(await answerOf(t, program(body)), [3, 'ERR_FIBER_NOT_IN_FIBER']);
});

if (major >= 22) {
  test('an ES module loaded by require() in a fiber may yield', async (t) => {
    const body = `
      const fiber = new Fiber(() => require(${fixture('yields-while-loading.mjs')}).answer);
      const first = fiber.resume();
      gc();
      print([first, fiber.resume()]);`;
    t.deepEqual(await answerOf(t, program(body)), ['paused', 3]);
  });

  test('the main stack can load other modules while a fiber sleeps in one', async (t) => {
    const body = `
      const fiber = new Fiber(() => require(${fixture('yields-while-loading.mjs')}).answer);
      fiber.resume();
      const { x } = await import(${fixture('plain.mjs')});
      const { createHash } = require('node:crypto');
      print([x, typeof createHash, fiber.resume()]);`;
    t.deepEqual(await answerOf(t, program(body)), [1, 'function', 3]);
  });
}

test('greenfiber is one package, required or imported', async (t) => {
  const body = `
    const imported = await import('greenfiber');
    print(imported.Fiber === Fiber && new imported.Fiber(() => Fiber.current !== undefined).resume());`;
  t.true(await answerOf(t, program(body)));
});
