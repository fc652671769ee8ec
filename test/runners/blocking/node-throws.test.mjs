// Fails on purpose: the runner has to say so, and where.
import assert from 'node:assert';
import { sleep } from 'greenfiber';
import test from 'greenfiber/test';

test('passes', () => sleep(1));
test('fails', function thrower() {
  sleep(1);
  assert.equal(1, 2, 'thrown in a task');
});
