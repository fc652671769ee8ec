// What a test file leaves behind neither disturbs the files that follow nor keeps the runner.
const { Channel, Fiber, sleep, spawn } = require('greenfiber');

test('fibers, tasks and timers are left asleep', () => {
  for (let i = 0; i < 300; i++) new Fiber(() => Fiber.yield()).resume();
  const nobody = new Channel();
  for (let i = 0; i < 10; i++) {
    const task = spawn(() => nobody.receive());
    // Elsewhere it is a deadlock of the program, and reported.
    if (!globalThis.hasOwnRealm) task.unref();
  }
  spawn(() => sleep(3_600_000)).unref();
  spawn(() => sleep(1500)).unref(); // ends when the file has
});
