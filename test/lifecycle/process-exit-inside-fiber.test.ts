import test from 'ava';

import { runChild } from '../helpers/child';

test('process.exit() in a fiber ends the process there, with its code and its handlers', async (t) => {
  const exit = await runChild(({ Fiber }) => {
    process.on('exit', (code) => console.log('exit', code, Fiber.current !== undefined));
    const asleep = new Fiber(() => {
      try {
        Fiber.yield();
      } finally {
        console.log('finally');
      }
    });
    asleep.resume();
    const fiber = new Fiber(() => {
      Fiber.yield();
      try {
        process.exit(7);
      } finally {
        console.log('finally of the fiber');
      }
    });
    fiber.resume();
    setTimeout(() => {
      fiber.resume();
      console.log('goes on');
    }, 1);
  });
  t.deepEqual(exit, { code: 7, signal: null, stdout: 'exit 7 true\n', stderr: '' });
});

test('process.exit() below built-ins and nested fibers ends the process as well', async (t) => {
  const exit = await runChild(({ Fiber }) => {
    const inner = new Fiber(() =>
      [1].map(() => JSON.stringify({ toJSON: () => [{ toString: () => process.exit(3) }].join() })),
    );
    new Fiber(() => new Fiber(() => inner.resume()).resume()).resume();
    console.log('goes on');
  });
  t.deepEqual(exit, { code: 3, signal: null, stdout: '', stderr: '' });
});

test("an 'exit' handler that runs on the fiber's stack can resume other fibers", async (t) => {
  const exit = await runChild(({ Fiber }) => {
    const other = new Fiber(() => {
      Fiber.yield();
      console.log('other');
    });
    other.resume();
    process.on('exit', () => other.resume());
    new Fiber(() => process.exit(4)).resume();
  });
  t.deepEqual(exit, { code: 4, signal: null, stdout: 'other\n', stderr: '' });
});
