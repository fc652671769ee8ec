/** An error's stack tells the story, and console.log shows what a user wants to know. */
import { inspect } from 'node:util';

import test from 'ava';
import {
  Channel,
  currentSignal,
  currentTask,
  Fiber,
  group,
  Mutex,
  sleep,
  spawn,
  timeout,
  wait,
} from 'greenfiber';

import { caught, inTask } from '../helpers/in-task';

const OWN = /greenfiber|[/]dist[/]/;

test("a task's error shows who joined it, as async frames, once and without this library's own", async (t) => {
  await inTask(t, () => {
    const task = spawn(function failing() {
      sleep(1);
      throw new Error('failed');
    });
    function joiner(): void {
      task.join();
    }
    const join = (): unknown => caught(joiner);
    const { stack = '' } = join() as Error;
    t.regex(stack, /^Error: failed\n\s+at failing [^]*at async joiner /);
    join();
    t.is((join() as Error).stack?.split('at async joiner ').length, 2);
    t.notRegex(stack, OWN);
  });
});

test('so do the errors of groups, and of promises', async (t) => {
  await inTask(t, () => {
    function inGroup(): void {
      group((g) => {
        g.spawn(() => {
          throw new Error('member');
        });
      });
    }
    t.regex((caught(inGroup) as Error).stack ?? '', /at async inGroup /);
    function waiting(): void {
      wait(new Promise((_, reject) => setTimeout(reject, 1, new Error('later'))));
    }
    t.regex((caught(waiting) as Error).stack ?? '', /at async waiting /);
  });
});

test('a shared error that is thrown again and again does not grow', (t) => {
  const shared = new Error('shared');
  const lengths = Array.from({ length: 500 }, (_, i) => {
    caught(() =>
      new Fiber(() => {
        throw shared;
      }).resume(),
    );
    // From ever new places, too.
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- a frame of its own each time
    new Function('call', `${'\n'.repeat(i)} call()`)(() => {
      caught(() =>
        new Fiber(() => {
          throw shared;
        }).resume(),
      );
    });
    return shared.stack?.length ?? 0;
  });
  t.is(lengths[499], lengths[200]);
});

test('the signal of the innermost scope is aborted when its time runs out', async (t) => {
  t.is(currentSignal(), undefined);
  await inTask(t, () => {
    const own = currentTask()?.signal;
    let seen: AbortSignal | undefined;
    const error = caught(() =>
      timeout(2, () => {
        seen = currentSignal();
        sleep(1e6);
      }),
    );
    t.true(seen?.aborted);
    t.is(seen?.reason, error);
    t.false(own?.aborted);
  });
});

test('a limit that is moved after its end keeps nothing alive', async (t) => {
  await inTask(t, () => {
    const limit = timeout(1000, (given) => given);
    limit.deadline = 1e9;
    t.false(limit.expired);
  });
});

test('spawn names a task without arguments, and passes every argument on', async (t) => {
  await inTask(t, () => {
    t.is(spawn(() => currentTask()?.name, { name: 'fetcher' }).join(), 'fetcher');
    const person = { name: 'Ada' };
    const task = spawn((given: { name: string }) => given, person);
    t.is(task.join(), person);
    t.is(task.name, `task ${String(task.id)}`);
    const rest = spawn((...args: unknown[]) => args, { name: 'a', age: 1 });
    t.deepEqual(rest.join(), [{ name: 'a', age: 1 }]);
    group((g) => {
      t.is(g.spawn(() => undefined, { name: 'member' }).name, 'member');
    });
  });
});

test('objects are shown by what a user wants to know', async (t) => {
  await inTask(t, () => {
    const task = spawn(() => sleep(2), { name: 'sleeper' });
    sleep(0);
    t.is(
      inspect(task, { breakLength: Infinity }),
      `Task { id: ${String(task.id)}, name: 'sleeper', status: 'parked', waitsIn: 'sleep' }`,
    );
    task.join();
    t.is(inspect(new Channel(2)), 'Channel { capacity: 2, length: 0, closed: false }');
    t.is(inspect(new Mutex()), 'Mutex { locked: false }');
    t.is(inspect([[new Mutex()]], { depth: 0 }), '[ [Array] ]');
    t.is(inspect([new Mutex()], { depth: 0 }), '[ [Mutex] ]');
    t.is(typeof inspect(Channel.prototype), 'string');
  });
});
