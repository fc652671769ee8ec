import test from 'ava';
import { Fiber, FiberLocal, group, spawn, yieldNow } from 'greenfiber';

import { refused } from '../helpers/codes';

test('a task inherits the values of whoever spawned it, and keeps its own', async (t) => {
  const local = new FiberLocal<string>();
  const seen = await spawn(() => {
    local.set('parent');
    const child = spawn(() => {
      const inherited = local.get();
      local.set('child');
      yieldNow();
      return [inherited, local.get()];
    });
    local.set('parent, later');
    yieldNow();
    return [...child.join(), local.get()];
  });
  t.deepEqual(seen, ['parent', 'child', 'parent, later']);
  t.is(local.get(), undefined, 'the main stack has values of its own');
});

test('the values of interleaved tasks do not mix', async (t) => {
  const local = new FiberLocal<number>();
  await spawn(() =>
    group((g) => {
      for (let i = 0; i < 10; i++) {
        g.spawn(() => {
          local.set(i);
          for (let round = 0; round < 5; round++) {
            yieldNow();
            t.is(local.get(), i);
          }
        });
      }
    }),
  );
});

test('a plain fiber inherits, too, from whoever created it', (t) => {
  const local = new FiberLocal<string>();
  local.set('main');
  const fiber = new Fiber(() => {
    const inherited = local.get();
    local.set('fiber');
    const inner = new Fiber(() => local.get()).resume();
    Fiber.yield();
    return [inherited, inner, local.get()];
  });
  local.set('main, later');
  fiber.resume();
  t.is(local.get(), 'main, later');
  t.deepEqual(fiber.resume(), ['main', 'fiber', 'fiber']);
  local.set(undefined as never);
});

test('run sets a value for a while, also when the function throws', async (t) => {
  const local = new FiberLocal<number>('level');
  const other = new FiberLocal<string>();
  await spawn(() => {
    t.is(
      local.run(1, () => {
        t.throws(() =>
          local.run(2, () => {
            t.is(local.get(), 2);
            yieldNow();
            other.set('kept');
            throw new Error('out');
          }),
        );
        return local.get();
      }),
      1,
    );
    t.is(local.get(), undefined);
    t.is(other.get(), 'kept');
    const inside = local.run(3, () => spawn(() => (yieldNow(), local.get())));
    t.is(inside.join(), 3);
  });
  refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => local.run(1, 1 as never));
  t.is(local.name, 'level');
});

test('undefined is a value that can be set over an inherited one', async (t) => {
  const local = new FiberLocal<number | undefined>();
  const seen = await spawn(() => {
    local.set(1);
    const child = spawn(() => {
      local.set(undefined);
      return local.get();
    });
    return [child.join(), local.get()];
  });
  t.deepEqual(seen, [undefined, 1]);
});
