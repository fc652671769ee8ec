// Modules that are loaded afresh share the fibers of those before.
const assert = require('node:assert');

test('a copy that is loaded again is the same', async () => {
  const before = require('greenfiber');
  freshModules();
  const { createServer } = require('greenfiber/http');
  const after = require('greenfiber');
  assert.equal(after.Fiber, before.Fiber);
  assert.equal(typeof createServer, 'function');
  const task = before.spawn(() => {
    after.sleep(1);
    return after.currentTask() === before.currentTask();
  });
  assert.equal(await task, true);
});
