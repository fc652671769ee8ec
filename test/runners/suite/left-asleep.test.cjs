// What a test file leaves behind may not disturb the files that follow, nor keep the runner.
const { Channel, Fiber, sleep, spawn } = require('greenfiber');

test('fibers, tasks and timers are left asleep', () => {
  for (let i = 0; i < 300; i++) new Fiber(() => Fiber.yield()).resume();
  const nobody = new Channel();
  for (let i = 0; i < 10; i++) spawn(() => nobody.receive());
  spawn(() => sleep(3_600_000)).unref();
  spawn(() => sleep(1500)).unref(); // ends when the file has
});
