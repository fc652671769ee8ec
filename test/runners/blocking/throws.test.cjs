// Fails on purpose: the runner has to say so, and where.
const assert = require('node:assert');
const { sleep } = require('greenfiber');

test('passes', () => sleep(1));
test('fails', function thrower() {
  sleep(1);
  assert.equal(1, 2, 'thrown in a task');
});
