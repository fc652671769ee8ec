// The first start of a stack: nothing raw lives until there is a place for it that V8 visits, though async hooks and
// domains allocate on the way there, and collections move what they find.
import test from 'ava';

import { runChild } from '../helpers/child';

const small = '--max-semi-space-size=1';

test('fibers that begin in an AsyncLocalStorage keep their resource through collections', async (t) => {
  const { signal, stdout, stderr } = await runChild(
    ({ Fiber }) => {
      const { AsyncLocalStorage } =
        require('node:async_hooks') as typeof import('node:async_hooks');
      const storage = new AsyncLocalStorage<object>();
      storage.enterWith({});
      let found = 0;
      for (let round = 0; round < 60; round++) {
        // So many at once that each has a fresh stack.
        const fibers = Array.from(
          { length: 1000 },
          (_, i) =>
            new Fiber(() => {
              Fiber.yield();
              storage.enterWith({ i });
              found += (storage.getStore() as { i: number }).i === i ? 1 : 0;
            }),
        );
        for (const fiber of fibers) fiber.resume();
        for (const fiber of fibers) fiber.resume();
      }
      console.log(found);
    },
    { flags: [small], timeout: 180_000 },
  );
  t.is(signal, null, stderr);
  t.is(stdout, '60000\n');
});

test('the execution resource of a fiber that begins while domains are in use is its own', async (t) => {
  const { signal, stdout, stderr } = await runChild(
    ({ Fiber }) => {
      require('node:domain');
      const { createHook, executionAsyncResource } =
        require('node:async_hooks') as typeof import('node:async_hooks');
      createHook({ init: () => undefined }).enable();
      const kept: object[] = [];
      const names = new Set<unknown>();
      for (let i = 0; i < 40_000; i++) {
        const body = (): string => {
          const resource = executionAsyncResource();
          Object.assign(resource, { mark: i });
          kept[i % 100] = resource;
          return resource.constructor.name;
        };
        // Not the default size: such a stack is never parked.
        names.add(new Fiber(body, { stackSize: 1 << 19 }).resume());
      }
      console.log([...names].join());
    },
    { flags: [small], timeout: 180_000 },
  );
  t.is(signal, null, stderr);
  t.is(stdout, 'AsyncResource\n');
});
