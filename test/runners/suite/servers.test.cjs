// The first entry point that this file loads is not the one of the files before it.
const assert = require('node:assert');
const { createServer, send } = require('greenfiber/http');
const { simulate } = require('greenfiber/testing');
const { snapshot } = require('greenfiber/inspect');
const { sleep, spawn, wait } = require('greenfiber');

test('a server answers from tasks', async () => {
  const server = createServer((_request, response) => {
    sleep(1);
    send(response, { ok: true });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  const answer = await spawn(() => wait(wait(fetch(`http://127.0.0.1:${port}/`)).json()));
  assert.deepEqual({ ...answer }, { ok: true });
  await new Promise((resolve) => server.close(resolve));
});

test('a simulation passes hours at once', async () => {
  const report = await simulate(() => sleep(3_600_000), { runs: 2 });
  assert.ok(report);
});

test('the inspector sees the tasks of this file', async () => {
  let seen;
  await spawn(() => {
    spawn(() => sleep(2)).name = 'sleeper';
    sleep(1);
    seen = JSON.stringify(snapshot());
  });
  assert.match(seen, /sleeper/);
});
