import test from 'ava';

import { runChild } from '../helpers/child';

test('process.abort() in a fiber ends by SIGABRT and prints a trace instead of crashing in it', async (t) => {
  const { signal, stderr, stdout } = await runChild(({ Fiber }) => {
    const fiber = new Fiber(() => {
      Fiber.yield();
      process.abort();
    });
    fiber.resume();
    fiber.resume();
    console.log('goes on');
  });
  t.is(signal, 'SIGABRT');
  t.is(stdout, '');
  t.regex(stderr, /Native stack trace|^\s*1: /m);
});

test('an uncaught error in a fiber with --abort-on-uncaught-exception aborts', async (t) => {
  const { signal, stdout } = await runChild(
    ({ Fiber }) => {
      new Fiber(() => {
        throw new Error('thrown');
      }).resume();
    },
    { flags: ['--abort-on-uncaught-exception'] },
  );
  t.true(signal === 'SIGABRT' || signal === 'SIGILL' || signal === 'SIGTRAP', String(signal));
  t.is(stdout, '');
});

test('running out of heap in a fiber is reported as ever', async (t) => {
  const { signal, stderr } = await runChild(
    ({ Fiber }) => {
      const kept: unknown[] = [];
      new Fiber(() => {
        for (;;) kept.push(new Array(1000).fill(0));
      }).resume();
    },
    { flags: ['--max-old-space-size=40'] },
  );
  t.is(signal, 'SIGABRT');
  t.regex(stderr, /heap out of memory|heap limit/i);
});
