// What a fiber was given, held and answered is garbage once it has ended, though its stack waits for the next body.
import test from 'ava';
import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as soon } from 'node:timers/promises';

import { Fiber, sleep, spawn, yieldNow, type Task } from 'greenfiber';

const many = 100;
const sleeping = (body: (given: object) => unknown): Fiber => new Fiber(body as never);

/** So many of `many` objects live on after `use` has begun with each, and after what it answered was called. */
async function kept(use: (object: object) => (() => unknown) | undefined): Promise<number> {
  const references: WeakRef<object>[] = [];
  const run = (): void => {
    const ends = Array.from({ length: many }, (_, i) => {
      const object = { i };
      references.push(new WeakRef(object));
      return use(object);
    });
    for (const end of ends) end?.();
  };
  run();
  for (let i = 0; i < 4; i++) {
    await soon();
    gc!();
  }
  return references.filter((reference) => reference.deref() !== undefined).length;
}

/** A register, or a frame that is still warm, may hold the last one or two. */
const few = 3;

const fibers: Record<string, (object: object) => () => unknown> = {
  'the first value': (object) => {
    const fiber = sleeping(() => Fiber.yield());
    fiber.resume(object);
    return () => fiber.resume();
  },
  'a later value': (object) => {
    const fiber = sleeping(() => void Fiber.yield());
    fiber.resume();
    return () => fiber.resume(object);
  },
  'what it yielded': (object) => {
    const fiber = sleeping(() => void Fiber.yield(object));
    fiber.resume();
    return () => fiber.resume();
  },
  'its result': (object) => {
    const fiber = sleeping((given) => {
      Fiber.yield();
      return given;
    });
    fiber.resume(object);
    return () => fiber.resume();
  },
  'a text that it answered': (object) => {
    const fiber = sleeping((given) => {
      Fiber.yield();
      return { text: 'x'.repeat(1000), given };
    });
    fiber.resume(object);
    return () => fiber.resume();
  },
  'the error that it threw': (object) => {
    const fiber = sleeping((given) => {
      Fiber.yield();
      throw Object.assign(new Error('out'), { given });
    });
    fiber.resume(object);
    return () => {
      try {
        fiber.resume();
      } catch {
        // as it should be
      }
    };
  },
  'an error that was raised in it': (object) => {
    const fiber = sleeping(() => Fiber.yield());
    fiber.resume();
    return () => {
      try {
        fiber.throw(object);
      } catch {
        // as it should be
      }
    };
  },
  'the value of return()': (object) => {
    const fiber = sleeping(() => Fiber.yield());
    fiber.resume();
    return () => fiber.return(object);
  },
  'what its body closes over': (object) => {
    const fiber = new Fiber(() => [Fiber.yield(), object].length);
    fiber.resume();
    return () => fiber.resume();
  },
  'what a local variable held': (object) => {
    const fiber = sleeping((given) => {
      const local = [given];
      Fiber.yield();
      return local.length;
    });
    fiber.resume(object);
    return () => fiber.resume();
  },
  'the store of an AsyncLocalStorage around it': (object) => {
    const storage = new AsyncLocalStorage<object>();
    const fiber = storage.run(object, () => sleeping(() => Fiber.yield()));
    fiber.resume();
    return () => fiber.resume();
  },
  'the store of an AsyncLocalStorage that it entered': (object) => {
    const storage = new AsyncLocalStorage<object>();
    const fiber = sleeping((given) => {
      storage.enterWith(given);
      Fiber.yield();
    });
    fiber.resume(object);
    return () => fiber.resume();
  },
};

for (const [what, use] of Object.entries(fibers)) {
  test.serial(`a fiber that has ended does not keep ${what}`, async (t) => {
    const left = await kept(use);
    t.true(left <= few, `${left} of ${many}`);
  });
}

test.serial('nobody keeps a fiber that has ended', async (t) => {
  const references: WeakRef<object>[] = [];
  const left = await kept(() => {
    const fiber = new Fiber(() => Fiber.yield());
    references.push(new WeakRef(fiber));
    fiber.resume();
    return () => fiber.resume();
  });
  const alive = references.filter((reference) => reference.deref() !== undefined).length;
  t.true(left + alive <= few, `${left}, ${alive}`);
});

async function ended(tasks: Task[]): Promise<void> {
  while (tasks.some((task) => !task.done)) await soon();
  tasks.length = 0;
}

const tasks: Record<string, (object: object) => Task> = {
  'its arguments': (object) =>
    spawn((given: object) => {
      sleep(1);
      return typeof given;
    }, object),
  'its result': (object) =>
    spawn((given: object) => {
      yieldNow();
      return given;
    }, object),
  'the error that it threw': (object) => {
    const task = spawn((given: object) => {
      yieldNow();
      throw Object.assign(new Error('out'), { given });
    }, object);
    void task.then(undefined, () => undefined);
    return task;
  },
  'what its function closes over': (object) => spawn(() => [sleep(1), object].length),
  'the store of an AsyncLocalStorage': (object) =>
    new AsyncLocalStorage<object>().run(object, () => spawn(() => sleep(1))),
};

for (const [what, use] of Object.entries(tasks)) {
  test.serial(`a task that has ended does not keep ${what}`, async (t) => {
    const running: Task[] = [];
    const references: WeakRef<object>[] = [];
    const begin = (): void => {
      for (let i = 0; i < many; i++) {
        const object = { i };
        references.push(new WeakRef(object));
        running.push(use(object));
      }
    };
    begin();
    await ended(running);
    for (let i = 0; i < 4; i++) {
      await soon();
      gc!();
    }
    const left = references.filter((reference) => reference.deref() !== undefined).length;
    t.true(left <= few, `${left} of ${many}`);
  });
}
