// The end of the process: suspended fibers are dropped without running their finally blocks.
import test from 'ava';

import { answerOf } from '../helpers/answer';
import { runChild } from '../helpers/child';

const clean = { code: 0, signal: null, stderr: '' };

test('a process ends by itself with suspended fibers, and runs none of their finally blocks', async (t) => {
  const exit = await runChild(({ Fiber }) => {
    for (let i = 0; i < 100; i++) {
      new Fiber(() => {
        try {
          Fiber.yield();
        } finally {
          console.log('finally');
        }
      }).resume();
    }
    console.log('end');
  });
  t.deepEqual(exit, { ...clean, stdout: 'end\n' });
});

test('fibers suspended in built-ins, addons, contexts and nested fibers are dropped as well', async (t) => {
  const exit = await runChild(({ Fiber }) => {
    const vm = require('node:vm') as typeof import('node:vm');
    const { AsyncLocalStorage, AsyncResource } =
      require('node:async_hooks') as typeof import('node:async_hooks');
    const pause = (): unknown => Fiber.yield();
    const bodies = [
      () => [3, 1, 2].sort(() => pause() as number),
      () => JSON.stringify({ toJSON: pause }),
      () => vm.runInNewContext('pause()', { pause }) as unknown,
      () => new AsyncResource('X').runInAsyncScope(pause),
      () => new AsyncLocalStorage().run(1, pause),
      () =>
        structuredClone({
          get x() {
            return pause();
          },
        }),
      () => new Fiber(() => pause()).resume(),
      () => {
        const inner = new Fiber(() => pause());
        inner.resume();
        return [pause(), inner];
      },
    ];
    for (const body of bodies) for (let i = 0; i < 3; i++) new Fiber(body).resume();
    gc!();
    console.log('end');
  });
  t.deepEqual(exit, { ...clean, stdout: 'end\n' });
});

test("the handlers of 'exit' and 'beforeExit' may run fibers", async (t) => {
  const exit = await runChild(({ Fiber }) => {
    const fiber = new Fiber(() => {
      for (;;) console.log(Fiber.yield());
    });
    fiber.resume();
    process.once('beforeExit', () => fiber.resume('beforeExit'));
    process.on('exit', () => fiber.resume('exit'));
  });
  t.deepEqual(exit, { ...clean, stdout: 'beforeExit\nexit\n' });
});

test('a suspended fiber does not keep the process alive', async (t) => {
  const begin = Date.now();
  const answer = await answerOf(t, ({ Fiber }) => {
    new Fiber(() => Fiber.yield()).resume();
    console.log('1');
  });
  t.is(answer, 1);
  t.true(Date.now() - begin < 20_000);
});

test('a process that only loads greenfiber ends as ever', async (t) => {
  t.deepEqual(await runChild("require('greenfiber')"), { ...clean, stdout: '' });
});
