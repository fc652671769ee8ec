// Waiting for the end of a task, and its state.
import test from 'ava';
import { currentTask, Fiber, sleep, spawn, wait, type Task } from 'greenfiber';

test('join answers what the task returned, or throws what it threw, as often as asked', async (t) => {
  const boom = new Error('boom');
  await spawn(() => {
    const good = spawn(() => 'value');
    const bad = spawn(() => {
      throw boom;
    });
    t.is(good.join(), 'value');
    t.is(good.join(), 'value');
    t.is(good.status, 'finished');
    for (let i = 0; i < 2; i++)
      t.is(
        t.throws(() => bad.join()),
        boom,
      );
    t.is(bad.status, 'failed');
  });
});

test('many tasks may join one', async (t) => {
  const slow = spawn(() => {
    sleep(2);
    return 7;
  });
  const joiners = Array.from({ length: 20 }, () => spawn(() => slow.join()));
  t.deepEqual(await Promise.all(joiners), Array(20).fill(7));
});

test('a task cannot join itself', async (t) => {
  const code = await spawn(() => {
    try {
      currentTask()?.join();
    } catch (error) {
      return (error as { code: string }).code;
    }
    return undefined;
  });
  t.is(code, 'ERR_TASK_JOINS_ITSELF');
});

test('a task is awaitable, before and after its end', async (t) => {
  const task = spawn(() => {
    sleep(1);
    return 1;
  });
  t.is(await task, 1);
  t.is(await task, 1);
  const failing = spawn(() => {
    throw new RangeError('bad');
  });
  await t.throwsAsync(failing.then(), { instanceOf: RangeError });
  await t.throwsAsync(failing.then(), { instanceOf: RangeError });
});

test('status and stack tell where a task is', async (t) => {
  const seen: string[] = [];
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  const task: Task = spawn(function body() {
    seen.push(task.status);
    (function inTheMiddle() {
      new Fiber(() => wait(gate)).resume();
    })();
  });
  task.name = 'watched';
  t.is(task.status, 'ready');
  t.is(task.stack, '');
  await spawn(() => sleep(1));
  t.is(task.status, 'parked');
  t.regex(task.stack, /inTheMiddle[^]*body/);
  t.is(task.name, 'watched');
  open();
  await task;
  t.deepEqual(seen, ['running']);
  t.is(task.status, 'finished');
  t.true(task.done);
});
