// Fails on purpose: the runner has to say so, and where.
const assert = require('node:assert');
const { sleep, spawn } = require('greenfiber');

function thrower() {
  sleep(1);
  assert.equal(1, 2, 'thrown in a task');
}

test('passes', () => spawn(() => sleep(1)).promise());
test('fails', () => spawn(thrower).promise());
