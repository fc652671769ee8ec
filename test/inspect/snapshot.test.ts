import test from 'ava';
import * as greenfiber from 'greenfiber';
import { Fiber, group, sleep, spawn, timeout, wait, yieldNow, type Task } from 'greenfiber';
import { disable, enable, format, snapshot, type Snapshot } from 'greenfiber/inspect';
import { simulate } from 'greenfiber/testing';

import { asleep, byName, forever, soon, untilAllSleep } from '../helpers/asleep';
import { refused } from '../helpers/codes';

const { access } = require('../../dist/fiber/fiber');
const { current } = require('../../dist/scheduler/current');

test.serial('a task is shown with its stack and what it waits for', async (t) => {
  function innermost() {
    forever();
  }
  await asleep({ sleeper: () => ['x'].forEach(innermost) }, (seen) => {
    const task = byName(seen, 'sleeper');
    t.is(task.status, 'parked');
    t.like(task.sleep, { call: 'wait', on: 'Promise' });
    t.deepEqual(task.stack.match(/(?<=at )(forever|innermost|Array\.forEach)/g), [
      'forever',
      'innermost',
      'Array.forEach',
    ]);
    t.is(seen.schedulers[task.scheduler]?.isDefault, true);
    t.false(task.background);
    t.is(seen.stats.alive, 1);
  });
});

test.serial('a snapshot is plain data', async (t) => {
  enable();
  await asleep({ a: forever, b: () => timeout(1e6, forever) }, (seen) => {
    t.deepEqual(JSON.parse(JSON.stringify(seen)), seen);
  });
  disable();
});

test.serial(
  'what is collected at a price is null, and missing says so, until it is enabled',
  async (t) => {
    await asleep({ early: forever }, (seen) => {
      t.like(byName(seen, 'early'), { created: null, cpu: null });
      t.is(byName(seen, 'early').sleep?.since, null);
      t.regex(seen.missing.join(), /enable\(\)[^]*GREENFIBER_DEBUG=1/);
    });
    enable();
    await asleep({ late: forever }, (seen) => {
      const late = byName(seen, 'late');
      t.true(late.created!.age >= 0);
      t.true(late.sleep!.since! >= 0);
      t.deepEqual(seen.missing, []);
    });
    disable();
  },
);

test.serial('nothing is asked at a switch while nothing is collected', (t) => {
  const isPlain = () => 'value' in Object.getOwnPropertyDescriptor(current, 'task')!;
  t.true(isPlain());
  enable();
  enable();
  t.false(isPlain());
  disable();
  t.true(isPlain());
});

test.serial('collecting can begin and end inside a task', async (t) => {
  const task: Task<boolean> = spawn(() => {
    enable();
    sleep(1);
    disable();
    return greenfiber.currentTask() === task;
  });
  t.true(await task);
  t.is(greenfiber.currentTask(), undefined);
});

test.serial(
  'a creation stack names who spawned, without the loader and without this library',
  async (t) => {
    enable();
    function makesTheOther() {
      const other = spawn(forever);
      other.name = 'other';
      other.unref();
      try {
        other.join();
      } finally {
        other.cancel();
      }
    }
    await asleep({ maker: makesTheOther }, (seen, { maker }) => {
      const { created } = byName(seen, 'other');
      t.deepEqual(created!.by, { id: maker!.id, name: 'maker' });
      t.regex(created!.stack, /^ +at makesTheOther /);
      t.notRegex(created!.stack, /node:internal|greenfiber\/dist/);
    });
    disable();
  },
);

test.serial('time on the thread is counted for who runs, not for who sleeps', async (t) => {
  enable();
  const burn = () => {
    for (let i = 0; i < 3; i++) {
      const begin = performance.now();
      while (performance.now() - begin < 10);
      yieldNow();
    }
    forever();
  };
  const tasks = [spawn(burn), spawn(forever)];
  tasks[0]!.name = 'burner';
  tasks[1]!.name = 'dozer';
  await untilAllSleep();
  const seen = snapshot();
  const { cpu } = byName(seen, 'burner');
  t.true(cpu! >= 30, String(cpu));
  t.true(byName(seen, 'dozer').cpu! < cpu! / 2);
  disable();
  for (const task of tasks) {
    task.cancel();
    await task.then(undefined, () => undefined);
  }
});

test.serial('a task sees itself run', async (t) => {
  enable();
  const task = spawn(function looks() {
    const begin = performance.now();
    while (performance.now() - begin < 5);
    return snapshot();
  });
  task.name = 'looker';
  const { status, stack, cpu, sleep: asleepIn } = byName(await task, 'looker');
  t.is(status, 'running');
  t.regex(stack, /^ +at looks /);
  t.is(asleepIn, null);
  t.true(cpu! >= 5);
  disable();
});

test.serial('a task that has not begun is ready, and has no stack', async (t) => {
  const task = spawn(() => 1);
  const seen = snapshot().tasks.find(({ id }) => id === task.id)!;
  t.like(seen, { status: 'ready', stack: '', sleep: null });
  await task;
});

test.serial('a fiber that blocks inside a task belongs to it, and to its stack', async (t) => {
  await asleep(
    {
      root: function outer() {
        new Fiber(function inner() {
          forever();
        }).resume();
      },
    },
    (seen, { root }) => {
      t.is(seen.fibers.length, 1);
      const [inner] = seen.fibers;
      t.deepEqual(inner!.task, { id: root!.id, name: 'root' });
      t.is(inner!.state, 'suspended');
      t.regex(inner!.stack, /at inner/);
      t.regex(byName(seen, 'root').stack, /at inner[^]*at outer/);
      t.notRegex(seen.missing.join(), /cannot be shown/);
    },
  );
});

test.serial('fibers outside of tasks are shown while collecting, and counted otherwise', (t) => {
  const early = new Fiber(() => Fiber.yield());
  early.resume();
  t.regex(snapshot().missing.join(), /1 fiber began while nothing was collected/);
  enable();
  const late = new Fiber(() => Fiber.yield(), { name: 'late' });
  late.resume();
  const unused = new Fiber(() => undefined);
  const { fibers, missing } = snapshot();
  t.deepEqual(
    fibers.map(({ name, state, task, resumes }) => ({ name, state, task, resumes })),
    [{ name: 'late', state: 'suspended', task: null, resumes: null }],
  );
  t.regex(fibers[0]!.created!.stack, /snapshot\.test/);
  t.regex(missing.join(), /1 fiber began/);
  unused.return();
  late.return();
  early.return();
  t.like(snapshot(), { fibers: [], missing: [] });
  disable();
});

test.serial('a fiber names the one that it resumed', (t) => {
  enable();
  let seen: Snapshot | undefined;
  const inner = new Fiber(() => {
    seen = snapshot();
  });
  const outer = new Fiber(() => inner.resume());
  outer.resume();
  const shown = Object.fromEntries(seen!.fibers.map((fiber) => [fiber.id, fiber]));
  t.like(shown[outer.id], { state: 'resuming', resumes: inner.id });
  t.like(shown[inner.id], { state: 'running', resumes: null });
  disable();
});

test.serial('a limit shows the oldest and says what is left out', async (t) => {
  const bodies = Object.fromEntries(['a', 'b', 'c'].map((name) => [name, forever]));
  await asleep(bodies, () => {
    const seen = snapshot({ limit: 1 });
    t.deepEqual(
      seen.tasks.map(({ name }) => name),
      ['a'],
    );
    t.regex(seen.missing.join(), /2 tasks more/);
  });
});

test.serial('thousands of tasks are shown, and go on afterwards', async (t) => {
  let wake: (value: number) => void = () => undefined;
  const alarm = new Promise<number>((resolve) => (wake = resolve));
  const tasks = Array.from({ length: 2000 }, () => spawn(() => wait(alarm)));
  while (snapshot({ limit: 0 }).schedulers[0]!.ready > 0) await soon();
  const seen = snapshot();
  t.is(seen.tasks.length, 2000);
  t.true(seen.tasks.every(({ status, stack }) => status === 'parked' && stack !== ''));
  t.is(format(seen).match(/\[parked\]: waits in wait on Promise/g)?.length, 2000);
  wake(1);
  t.is((await Promise.all(tasks)).length, 2000);
  t.deepEqual(snapshot().tasks, []);
});

test.serial("a stranger's objects are described without running their code", async (t) => {
  const trap = () => {
    throw new Error('was run');
  };
  const thenables = {
    proxy: new Proxy({ then: () => undefined }, { ownKeys: trap, getOwnPropertyDescriptor: trap }),
    bare: Object.assign(Object.create(null), { then: () => undefined }),
    getter: Object.defineProperties(
      { then: () => undefined },
      { name: { get: trap }, owners: { get: trap }, constructor: { get: trap } },
    ),
  };
  const bodies = Object.fromEntries(
    Object.entries(thenables).map(([name, thenable]) => [name, () => wait(thenable)]),
  );
  await asleep(bodies, (seen) => {
    t.deepEqual(seen.waits, []);
    for (const name of Object.keys(bodies)) t.is(byName(seen, name).sleep!.call, 'wait');
    t.regex(byName(seen, 'bare').sleep!.on!, /null prototype/);
  });
});

test.serial('the tasks of a simulation are seen from inside', async (t) => {
  const seen: Snapshot[] = [];
  await simulate(
    () =>
      group((g) => {
        g.spawn(() => sleep(10)).name = 'simulated';
        sleep(5);
        seen.push(snapshot());
      }),
    { seed: 1, schedules: 1 },
  );
  t.like(byName(seen[0]!, 'simulated'), { status: 'parked' });
  t.is(seen[0]!.schedulers.length, 2);
});

interface Lock {
  run<T>(fn: () => T): T;
}
// Parts of greenfiber that a build may not have.
const { FiberLocal, Mutex } = greenfiber as {
  FiberLocal?: new (name: string) => { run<T>(value: unknown, fn: () => T): T };
  Mutex?: new () => Lock;
};

(FiberLocal === undefined ? test.serial.skip : test.serial)(
  'locals are shown by their names',
  async (t) => {
    const user = new FiberLocal!('user');
    const body = () => user.run({ name: 'Ada' }, forever);
    await asleep({ local: body }, (seen) => {
      t.deepEqual(byName(seen, 'local').locals, [{ name: 'user', value: "{ name: 'Ada' }" }]);
      t.regex(format(seen), /local user = \{ name: 'Ada' \}/);
    });
    t.is(typeof access.localsOf, 'function');
  },
);

(Mutex === undefined ? test.serial.skip : test.serial)(
  'locks taken in different orders are a cycle',
  async (t) => {
    const [first, second] = [new Mutex!(), new Mutex!()];
    const inOrder = (a: Lock, b: Lock) => () =>
      a.run(() => {
        sleep(1);
        b.run(() => undefined);
      });
    await asleep({ one: inOrder(first, second), two: inOrder(second, first) }, (seen, { two }) => {
      t.is(seen.cycles.length, 1);
      t.like(byName(seen, 'one').sleep, {
        call: 'Mutex.run',
        on: `Mutex, held by task ${two!.id} "two"`,
      });
    });
  },
);

test.serial('wrong options are told apart', (t) => {
  refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => snapshot(null as never));
  refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () => snapshot({ limit: -1 }));
  refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => enable({ slowTask: 'x' as never }));
  refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () => enable({ slowTask: -1 }));
  refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => enable(null as never));
});
