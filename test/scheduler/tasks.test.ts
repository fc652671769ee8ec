import { AsyncLocalStorage } from 'node:async_hooks';
import { createServer, connect } from 'node:net';
import test from 'ava';
import {
  currentTask,
  Fiber,
  fiberize,
  Scheduler,
  sleep,
  spawn,
  sync,
  wait,
  yieldNow,
} from 'greenfiber';
import { runChild } from '../helpers/child';

test('ready tasks run in the order in which they became ready, and hand over at each yield', async (t) => {
  const order: string[] = [];
  const body = (name: string): string => {
    for (let i = 0; i < 3; i++) {
      order.push(`${name}${i}`);
      yieldNow();
    }
    return name;
  };
  const tasks = ['a', 'b', 'c'].map((name) => spawn(body, name));
  t.deepEqual(order, [], 'nothing runs before the next turn');
  t.deepEqual(await Promise.all(tasks), ['a', 'b', 'c']);
  t.is(order.join(' '), 'a0 b0 c0 a1 b1 c1 a2 b2 c2');
});

test('more tasks than a cache holds take turns in order, at different depths and in fibers of their own', async (t) => {
  // Stacks are loaded ahead of their turn: nothing of that may show.
  const count = 2500;
  const turns = 3;
  const order: number[] = [];
  const deep = (n: number, turn: () => void): void => {
    if (n === 0) turn();
    else deep(n - 1, turn);
  };
  await Promise.all(
    Array.from({ length: count }, (_, i) =>
      spawn(() => {
        const turn = (): void => {
          order.push(i);
          yieldNow();
        };
        for (let k = 0; k < turns; k++) {
          if (i % 7 === 0) new Fiber(turn).resume();
          else deep(i % 200, turn);
        }
      }),
    ),
  );
  t.deepEqual(
    order,
    Array.from({ length: count * turns }, (_, at) => at % count),
  );
});

test('a task blocks at any call depth, through built-ins, getters and fibers', async (t) => {
  const blocked = (): number => {
    sleep(1);
    return 1;
  };
  const value = await spawn(() => {
    const viaSort = [3, 1, 2].sort((a, b) => (yieldNow(), a - b)).join('');
    const viaGetter = {
      get value() {
        return blocked();
      },
    }.value;
    const viaJson = JSON.stringify({ toJSON: () => blocked() });
    const fiber = new Fiber(() => {
      blocked();
      Fiber.yield('yielded');
      return new Fiber(blocked).resume();
    });
    return [viaSort, viaGetter, viaJson, fiber.resume(), fiber.resume(), fiber.done];
  });
  t.deepEqual(value, ['123', 1, '1', 'yielded', 1, true]);
});

test('a fiber that belongs to a task that sleeps cannot be continued by others', async (t) => {
  let inner: Fiber | undefined;
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  const task = spawn(() => {
    inner = new Fiber(() => {
      wait(gate);
      return 'done';
    });
    return inner.resume();
  });
  await spawn(() => sleep(1));
  t.is(inner?.state, 'suspended');
  t.throws(() => inner?.resume(), { code: 'ERR_FIBER_RUNNING' });
  t.throws(() => inner?.transfer(), { code: 'ERR_FIBER_TRANSFER' });
  t.throws(() => inner?.throw(new Error('no')), { code: 'ERR_FIBER_RUNNING' });
  open();
  t.is(await task, 'done');
});

test('a task that transfers away goes on when the other fiber ends, and nobody else ends it', async (t) => {
  const log: unknown[] = [];
  const task = spawn(() => {
    const root = Fiber.current!;
    const other = new Fiber(() => {
      for (const call of [() => root.throw(1), () => root.return(), () => Fiber.main.transfer()]) {
        t.throws(call, { code: 'ERR_FIBER_TRANSFER' });
      }
      t.throws(() => sleep(1), { code: 'ERR_FIBER_NOT_IN_FIBER' });
      return 'other ends';
    });
    log.push(other.transfer());
    sleep(1);
    const inner: Fiber = new Fiber(() => {
      try {
        return new Fiber(() => inner.throw('taken over')).transfer();
      } catch (error) {
        log.push(error);
        return 'inner ends';
      }
    });
    log.push(inner.resume());
    sleep(1);
    return 'task ends';
  });
  t.is(await task, 'task ends');
  t.deepEqual(log, ['other ends', 'taken over', 'inner ends']);
});

test("a task's own stack has nobody to yield to, and the task goes on", async (t) => {
  const code = await spawn(() => {
    t.false(Fiber.isYieldable());
    try {
      Fiber.yield();
      return 'yielded';
    } catch (error) {
      sleep(1);
      return (error as { code: string }).code;
    }
  });
  t.is(code, 'ERR_FIBER_NOT_YIELDABLE');
});

test('on the main stack, and in a fiber of no task, blocking calls are refused', (t) => {
  for (const call of [() => sleep(1), () => wait(1), yieldNow, () => spawn(() => 1).join()]) {
    t.throws(call, { code: 'ERR_FIBER_NOT_IN_FIBER' });
    t.throws(() => new Fiber(call).resume(), { code: 'ERR_FIBER_NOT_IN_FIBER' });
  }
});

test('timers, promises and sockets are served while tasks yield for ever', async (t) => {
  let stop = false;
  const spinners = [0, 1].map(() =>
    spawn(() => {
      while (!stop) yieldNow();
    }),
  );
  const server = createServer((socket) => socket.end('hello')).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  const heard = new Promise<string>((resolve) =>
    connect(port, '127.0.0.1').once('data', (data) => resolve(String(data))),
  );
  await new Promise((resolve) => setTimeout(resolve, 5));
  t.is(await heard, 'hello');
  server.close();
  stop = true;
  await Promise.all(spinners);
});

test('a task that waits for settled promises for ever does not starve the loop', async (t) => {
  let stop = false;
  const spinner = spawn(() => {
    while (!stop) wait(Promise.resolve());
  });
  await new Promise((resolve) => setTimeout(resolve, 5));
  stop = true;
  await spinner;
  t.pass();
});

test('a place that cannot be left is refused, and everything stays usable', async (t) => {
  const { loadAddon } = await import('../helpers/test-addon.js');
  const { performCheckpoint } = loadAddon('v8_addon');
  const codes: string[] = [];
  // From the event loop: inside a microtask nothing would be drained.
  await new Promise<void>((resolve) => setTimeout(resolve, 0));
  const drain = spawn(() => {
    sleep(1); // goes on from a timer
    new Fiber(() => undefined).resume();
    const pending = new Promise(() => undefined);
    queueMicrotask(() => {
      for (const call of [() => sleep(1), yieldNow, () => wait(pending)]) {
        try {
          call();
          codes.push('blocked');
        } catch (error) {
          codes.push((error as { code: string }).code);
        }
      }
    });
    performCheckpoint();
    sleep(1);
    return 'still here';
  });
  const other = spawn(() => {
    for (let i = 0; i < 20; i++) sleep(0);
  });
  t.is(await drain, 'still here');
  await other;
  // Where the turn itself runs in a microtask, V8 does not drain again, and the main stack refuses.
  t.is(codes.length, 3);
  for (const code of codes) t.regex(code, /ERR_FIBER_NOT_(YIELDABLE|IN_FIBER)/);
});

test('AsyncLocalStorage belongs to the task', async (t) => {
  const storage = new AsyncLocalStorage<string>();
  const body = (name: string): void => {
    t.is(storage.getStore(), name);
    storage.run(`${name} inside`, () => {
      sleep(1);
      t.is(storage.getStore(), `${name} inside`);
      yieldNow();
      t.is(storage.getStore(), `${name} inside`);
    });
    wait(Promise.resolve());
    t.is(storage.getStore(), name);
  };
  const tasks = ['a', 'b', 'c'].map((name) => storage.run(name, () => spawn(body, name)));
  t.is(storage.getStore(), undefined);
  await Promise.all(tasks);
  t.is(storage.getStore(), undefined);
});

test('schedulers are independent, and their tasks can join each other', async (t) => {
  const one = new Scheduler();
  const two = new Scheduler({ slice: 1 });
  const a = one.spawn(() => {
    sleep(2);
    return [spawn(() => currentTask()).join()];
  });
  const [inner] = await two.run(() => a.join());
  t.is(inner?.status, 'finished');
  t.like(one.stats(), { ready: 0, alive: 0, spawned: 2 });
  t.like(two.stats(), { ready: 0, alive: 0, spawned: 1 });
  t.true(one.stats().turns >= 2);
});

test('a turn runs at least one task, however short the slice', async (t) => {
  const scheduler = new Scheduler({ slice: 1e-9 });
  const tasks = Array.from({ length: 5 }, (_, i) =>
    scheduler.spawn(() => {
      yieldNow();
      return i;
    }),
  );
  t.deepEqual(await Promise.all(tasks), [0, 1, 2, 3, 4]);
});

test('thousands of tasks come and go, and nothing is left', async (t) => {
  const scheduler = new Scheduler();
  const body = (i: number): number => {
    if (i % 3 === 0) sleep(i % 7);
    if (i % 3 === 1) yieldNow();
    return i;
  };
  const tasks = Array.from({ length: 3000 }, (_, i) => scheduler.spawn(body, i));
  const sum = await scheduler.run(() => tasks.reduce((total, task) => total + task.join(), 0));
  t.is(sum, (3000 * 2999) / 2);
  t.like(scheduler.stats(), { ready: 0, alive: 0 });
});

test('collections in the middle of hand-overs change nothing', async (t) => {
  const bodies = Array.from({ length: 30 }, (_, i) => () => {
    const kept = Array.from({ length: 20 }, (_, j) => ({ value: i * j }));
    for (let round = 0; round < 10; round++) {
      if (round === i % 10) gc?.();
      new Fiber(() => yieldNow()).resume();
      kept.push({ value: 0 });
    }
    return kept.reduce((sum, { value }) => sum + value, 0);
  });
  const sums = await Promise.all(bodies.map((body) => spawn(body)));
  t.deepEqual(
    sums,
    bodies.map((_, i) => 190 * i),
  );
});

test('arguments are checked', (t) => {
  t.throws(() => spawn(1 as never), { code: 'ERR_FIBER_INVALID_ARG_TYPE' });
  t.throws(() => sync(1 as never), { code: 'ERR_FIBER_INVALID_ARG_TYPE' });
  t.throws(() => fiberize(1 as never), { code: 'ERR_FIBER_INVALID_ARG_TYPE' });
  t.throws(() => sleep('1' as never), { code: 'ERR_FIBER_INVALID_ARG_TYPE' });
  t.throws(() => sleep(NaN), { code: 'ERR_FIBER_INVALID_ARG_VALUE' });
  t.throws(() => sleep(-1), { code: 'ERR_FIBER_INVALID_ARG_VALUE' });
  t.throws(() => new Scheduler({ slice: 0 }), { code: 'ERR_FIBER_INVALID_ARG_VALUE' });
});

test('the longest turn is what tasks ran for, not what the event loop waited for', async (t) => {
  const scheduler = new Scheduler();
  // A turn that begins in a timer: the loop waits for the next one before it can tell that it went on.
  await new Promise<void>((resolve) => {
    setTimeout(() => {
      scheduler.spawn(() => undefined);
      setTimeout(resolve, 400);
    }, 1);
  });
  t.true(scheduler.stats().longestTurn < 300);
  await scheduler.run(() => {
    const begin = performance.now();
    while (performance.now() - begin < 320);
  });
  t.true(scheduler.stats().longestTurn >= 320);
});

test('a task begins with what there was when it was spawned', async (t) => {
  const { stdout, stderr } = await runChild(({ Fiber, FiberLocal, spawn }) => {
    const { AsyncLocalStorage, createHook } =
      require('node:async_hooks') as typeof import('node:async_hooks');
    const storage = new AsyncLocalStorage<string>();
    const local = new FiberLocal<number>();
    const seen = (): unknown[] => [storage.getStore(), local.get(), Fiber.current?.name];
    const first = storage.run('then', () => spawn(seen));
    first.name = 'first';
    local.set(5);
    const second = spawn(seen);
    second.name = 'second';
    const hook = createHook({ init: () => undefined }).enable();
    local.set(6);
    void Promise.all([first, second]).then((all) => {
      hook.disable();
      console.log(JSON.stringify(all));
    });
  });
  t.deepEqual(
    [JSON.parse(stdout), stderr],
    [
      [
        ['then', null, 'first'],
        [null, 5, 'second'],
      ],
      '',
    ],
  );
});

test('a task may be named, cancelled and looked at before it begins and after it has ended', async (t) => {
  const task = spawn((a: number, b: number) => a + b, 1, 2);
  t.throws(() => (task.name = 1 as unknown as string), { code: 'ERR_FIBER_INVALID_ARG_TYPE' });
  task.name = 'sum';
  t.deepEqual([task.name, task.stack, task.signal.aborted], ['sum', '', false]);
  task.cancel('too late to matter');
  t.true(task.signal.aborted);
  t.is(await task, 3);
  t.deepEqual([task.name, task.stack, task.status], ['sum', '', 'finished']);
});
