// Bodies, hooks and subtests block: they come from greenfiber/test.
import assert from 'node:assert';
import { sleep, wait } from 'greenfiber';
import test, { beforeEach, describe, it } from 'greenfiber/test';

const soon = (value) => new Promise((resolve) => setTimeout(resolve, 1, value));

test('a body waits, and so does a subtest', (t) => {
  wait(t.test('a subtest', () => assert.equal(wait(soon(1)), 1)));
});
test('a body that is given a callback may call it late', (t, done) => {
  sleep(1);
  setTimeout(done, 1);
});
test('an async body is awaited', async () => assert.equal(await soon(1), 1));

describe('a suite', () => {
  let prepared;
  beforeEach(() => {
    prepared = wait(soon('prepared'));
  });
  it('has hooks that wait', () => assert.equal(prepared, 'prepared'));
  // Shows that `it.skip` of greenfiber/test skips: run, it would add to the number of tests that is expected to pass.
  it.skip('may be skipped', () => wait(soon(1)));
});
