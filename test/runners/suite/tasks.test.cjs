// What every test file of a program may do, in the words of all runners: `test` is global, assertions are Node's.
const assert = require('node:assert');
const {
  Channel,
  Fiber,
  FiberError,
  group,
  isSupported,
  sleep,
  spawn,
  wait,
} = require('greenfiber');

test('fibers run here', () => {
  assert.equal(isSupported, true);
  const fiber = new Fiber((first) => [1, 2].map((n) => Fiber.yield(first + n)));
  assert.equal(fiber.resume(10), 11);
  assert.equal(fiber.resume('a'), 12);
  assert.deepEqual([...fiber.resume('b')], ['a', 'b']);
});

test('a test awaits a task that sleeps and waits for promises', async () => {
  const task = spawn(() => {
    sleep(5);
    return wait(Promise.resolve(20)) + 1;
  });
  assert.equal(await task, 21);
});

test('tasks hand each other values', async () => {
  const channel = new Channel();
  const received = spawn(() => [...channel]);
  await spawn(() =>
    group((tasks) => {
      for (const n of [1, 2, 3]) tasks.spawn(() => channel.send(n));
    }),
  );
  channel.close();
  assert.deepEqual([...(await received)].sort(), [1, 2, 3]);
});

test('errors come with their class and code', async () => {
  assert.throws(() => sleep(1), FiberError);
  assert.throws(() => sleep(1), { code: 'ERR_FIBER_NOT_IN_FIBER' });
  const own = new TypeError('of this file');
  await assert.rejects(
    spawn(() => {
      sleep(1);
      throw own;
    }).promise(),
    (error) => error === own,
  );
});
