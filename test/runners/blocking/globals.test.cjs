// Bodies and hooks block, since the runner loaded greenfiber/test/globals first.
const assert = require('node:assert');
const { sleep, wait } = require('greenfiber');

const soon = (value) => new Promise((resolve) => setTimeout(resolve, 1, value));
const each = globalThis.beforeEach ?? globalThis.setup; // Mocha's name for it in this interface
let prepared = 0;

each(() => {
  prepared = wait(soon(prepared + 1));
});

test('a body waits, below a built-in', () => {
  assert.deepEqual(
    [1, 2].map((n) => wait(soon(n))),
    [1, 2],
  );
  assert.ok(prepared > 0);
});
test('an async body is awaited', async () => assert.equal(await soon(1), 1));

if (globalThis.hasCallbacks !== false) {
  test('a body that is given a callback may call it late', (done) => {
    sleep(1);
    setTimeout(done, 1);
  });
}
if (test.each) {
  test.each([1, 2, 3])('of a table, %i waits', (n) => {
    assert.equal(wait(soon(n)), n);
  });
}
