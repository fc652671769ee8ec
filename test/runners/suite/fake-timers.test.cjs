// Tasks sleep by the timers of the test; what greenfiber does between tasks goes on without.
const assert = require('node:assert');
const { sleep, spawn, yieldNow } = require('greenfiber');

const turn = setImmediate;
const turns = async (count) => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => turn(resolve));
};

test('fake timers wake tasks that sleep, and stop nobody else', async () => {
  fakeTimers.install();
  try {
    const busy = spawn(() => {
      const end = process.hrtime.bigint() + 20_000_000n; // several slices
      let turns = 0;
      for (; turns < 50 || process.hrtime.bigint() < end; turns++) {
        if (turns > 1e5) break; // it may be faked, too
        yieldNow();
      }
      return turns;
    });
    assert.ok((await busy) >= 50);
    let awake = false;
    const sleeper = spawn(() => {
      sleep(3_600_000);
      awake = true;
    });
    await turns(3);
    assert.equal(awake, false);
    fakeTimers.advance(3_600_000);
    await sleeper;
    assert.equal(awake, true);
  } finally {
    fakeTimers.uninstall();
  }
  await spawn(() => sleep(1));
});
