// A snapshot's scopes, and who waits for whom in it.
import test from 'ava';
import { group, shield, sleep, spawn, timeout, type Task } from 'greenfiber';
import { format, snapshot, type Snapshot } from 'greenfiber/inspect';

import { asleep, byName, forever, untilAllSleep } from '../helpers/asleep';

test.serial('scopes show their cancellation, shields and groups', async (t) => {
  const bodies = {
    owner: () =>
      group((g) => {
        g.spawn(forever).name = 'member';
      }),
    limited: () => timeout(1e6, () => timeout(1e6, forever)),
  };
  await asleep(bodies, (seen, { owner }) => {
    t.deepEqual(byName(seen, 'member').scope, {
      cancelled: false,
      reason: null,
      shielded: false,
      depth: 0,
      groupOf: { id: owner!.id, name: 'owner' },
    });
    t.is(byName(seen, 'limited').scope.depth, 2);
    t.like(byName(seen, 'owner').sleep, { call: 'group', on: 'Group' });
  });
  const cleaner: Task<Snapshot> = spawn(() => {
    try {
      forever();
    } catch {
      return shield(() => snapshot());
    }
    return snapshot();
  });
  cleaner.name = 'cleaner';
  await untilAllSleep();
  cleaner.cancel(new Error('enough'));
  t.like(byName(await cleaner, 'cleaner').scope, {
    shielded: true,
    cancelled: false,
    reason: null,
    depth: 1,
  });
  const stubborn = spawn(() => {
    try {
      forever();
    } catch {
      return snapshot();
    }
    return undefined;
  });
  stubborn.name = 'stubborn';
  await untilAllSleep();
  stubborn.cancel(new RangeError('enough'));
  t.like(byName((await stubborn)!, 'stubborn').scope, {
    cancelled: true,
    reason: 'RangeError: enough',
  });
});

test.serial(
  'the graph leads from joiners to the joined, and from groups to their members',
  async (t) => {
    const members: Task[] = [];
    const target = spawn(forever);
    const bodies = {
      joiner: () => target.join(),
      owner: () =>
        group((g) => {
          members.push(
            g.spawn(forever),
            g.spawn(() => timeout(1e6, forever)),
          );
          g.spawn(() => undefined);
        }),
    };
    await asleep(bodies, ({ waits, cycles }, { owner, joiner }) => {
      t.deepEqual(
        waits.map(({ from, to, call, needed }) => [from, to, call, needed]),
        [
          [joiner!.id, target.id, 'Task.join', true],
          [owner!.id, members[0]!.id, 'group', true],
          [owner!.id, members[1]!.id, 'group', true],
        ],
      );
      t.deepEqual(cycles, []);
    });
    target.cancel();
    await target.then(undefined, () => undefined);
  },
);

test.serial('tasks that wait for each other are a cycle, also through a group', async (t) => {
  const tasks: Record<string, Task> = {};
  const bodies = {
    left: () => (sleep(0), tasks['right']!.join()),
    right: () => (sleep(0), tasks['left']!.join()),
    owner: () =>
      group((g) => {
        g.spawn(() => (sleep(0), tasks['owner']!.join())).name = 'member';
      }),
  };
  for (const [name, body] of Object.entries(bodies)) {
    tasks[name] = spawn(body);
    tasks[name].name = name;
  }
  await untilAllSleep();
  const seen = snapshot();
  const names = seen.cycles.map((cycle) =>
    cycle.map((id) => seen.tasks.find((task) => task.id === id)!.name).sort(),
  );
  t.deepEqual(names.sort(), [
    ['left', 'right'],
    ['member', 'owner'],
  ]);
  t.regex(format(seen), /cycle: task \d+ "\w+" waits for task \d+ "\w+" waits for task/);
  for (const task of Object.values(tasks)) task.cancel();
  await Promise.allSettled(Object.values(tasks));
});
