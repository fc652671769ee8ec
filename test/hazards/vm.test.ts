// vm contexts and vm timeouts, in fibers and around them.
import vm from 'node:vm';

import test from 'ava';
import { Fiber, stats } from 'greenfiber';

import { answerOf } from '../helpers/answer';
import { runChild } from '../helpers/child';
import { refused, stillWorks } from '../helpers/codes';
import { onDirect } from '../helpers/on-direct';

/** As good as for ever; but if no timeout comes, the test fails instead of hanging. */
function spin(): void {
  for (const end = Date.now() + 5000; Date.now() < end;);
}

const timeOut = { code: 'ERR_SCRIPT_EXECUTION_TIMEOUT' };

test('scripts of one context can be suspended in two fibers', (t) => {
  const context = vm.createContext({ ask: Fiber.yield });
  const source =
    '(() => { const got = []; for (let i = 0; i < 3; i++) got.push(ask(i)); return got.join(); })()';
  const [a, b] = [1, 10].map((factor) => ({
    factor,
    fiber: new Fiber<unknown, string, number>(() => vm.runInContext(source, context) as string),
  })) as [
    { factor: number; fiber: Fiber<unknown, string, number> },
    { factor: number; fiber: Fiber<unknown, string, number> },
  ];
  const answers: unknown[] = [];
  for (let i = 0; i < 4; i++)
    for (const { factor, fiber } of [a, b]) answers.push(fiber.resume(i * factor));
  t.deepEqual(answers, [0, 0, 1, 1, 2, 2, '1,2,3', '10,20,30']);
  t.is(Object.getPrototypeOf([]), Array.prototype);
});

test('the resumer is in its own context again after a yield from another one', (t) => {
  const context = vm.createContext({ ask: Fiber.yield });
  const fiber = new Fiber(() => vm.runInContext('ask(1); Array', context) as unknown);
  fiber.resume();
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- code of the current context
  t.is(new Function('return Array')(), Array);
  t.true([] instanceof Array);
  t.is(fiber.resume(), vm.runInContext('Array', context));
});

test('errors and values of another context cross a yield as they are', (t) => {
  const context = vm.createContext({ ask: Fiber.yield });
  const fiber = new Fiber(() =>
    vm.runInContext("ask({ a: 1 }); throw new TypeError('foreign')", context),
  );
  t.is((fiber.resume() as { a: number }).a, 1);
  const error = t.throws(() => fiber.resume(), { any: true }) as Error;
  t.is(error.name, 'TypeError');
  t.false(error instanceof TypeError);
  t.true(fiber.done);
});

onDirect('a timeout of a script that a fiber runs is an error in the fiber', (t) => {
  const fiber = new Fiber(() => {
    t.throws(
      () => vm.runInNewContext('ask(); spin();', { ask: Fiber.yield, spin }, { timeout: 500 }),
      timeOut,
    );
    return Fiber.yield('caught');
  });
  fiber.resume();
  t.is(fiber.resume(), 'caught');
  t.is(fiber.resume('end'), 'end');
  stillWorks(t);
});

onDirect(
  'a timeout on the main stack stops the fiber that it resumed, which is finished then',
  (t) => {
    const { alive } = stats();
    const seen: string[] = [];
    const fiber = new Fiber(() => {
      Fiber.yield();
      try {
        spin();
      } catch {
        seen.push('catch');
      } finally {
        seen.push('finally');
      }
    });
    fiber.resume();
    t.throws(() => vm.runInNewContext('fiber.resume()', { fiber }, { timeout: 30 }), timeOut);
    t.deepEqual(seen, []);
    t.is(fiber.state, 'finished');
    t.true(fiber.done);
    t.is(stats().alive, alive);
    refused(t, 'ERR_FIBER_FINISHED', () => fiber.resume());
    t.deepEqual(fiber.next(), { done: true, value: undefined });
    stillWorks(t);
  },
);

onDirect('a timeout stops a whole chain of fibers, up to the script it was set for', (t) => {
  const { alive } = stats();
  const chain = (length: number): Fiber =>
    new Fiber(() => {
      if (length === 0) spin();
      chain(length - 1).resume();
    });
  const outer = new Fiber(() => {
    const fiber = chain(5);
    t.throws(() => vm.runInNewContext('fiber.resume()', { fiber }, { timeout: 30 }), timeOut);
    t.true(fiber.done);
    return Fiber.yield('still here');
  });
  t.is(outer.resume(), 'still here');
  t.is(outer.resume('end'), 'end');
  t.is(stats().alive, alive);
  stillWorks(t);
});

test('a fiber that a timeout stopped gives its stack back', (t) => {
  for (let i = 0; i < 30; i++) {
    const fiber = new Fiber(spin);
    t.throws(() => vm.runInNewContext('fiber.resume()', { fiber }, { timeout: 2 }), timeOut);
  }
  new Fiber(() => 1).resume();
  t.true(stats().stacks.inUse < 10 + stats().alive + stats().parked, JSON.stringify(stats()));
});

onDirect(
  'a timeout that a sleeping fiber has run out of leaves others alone while they are not running',
  (t) => {
    const fiber = new Fiber(
      () => vm.runInNewContext('ask(1); 2', { ask: Fiber.yield }, { timeout: 10_000 }) as number,
    );
    t.is(fiber.resume(), 1);
    stillWorks(t);
    t.is(fiber.resume(), 2);
  },
);

// Node's watchdog is a thread that terminates whatever runs in the isolate when the time is up.
test('documented limit: the timeout of a script that sleeps in a fiber hits whoever runs then', async (t) => {
  const { code, signal, stdout } = await runChild(({ Fiber }) => {
    const vm = require('node:vm') as typeof import('node:vm');
    const fiber = new Fiber(
      () => vm.runInNewContext('ask(); 1', { ask: Fiber.yield }, { timeout: 500 }) as number,
    );
    fiber.resume();
    console.log('before');
    for (const end = Date.now() + 5000; Date.now() < end;);
    console.log('after');
  });
  t.is(signal, null);
  t.is(code, 0);
  t.is(stdout, 'before\n');
});

test("a drain of a context's own microtask queue inside a fiber can be left only when it is over", async (t) => {
  const answer = await answerOf(t, ({ Fiber }) => {
    const vm = require('node:vm') as typeof import('node:vm');
    const seen: unknown[] = [];
    const ask = (): void => {
      seen.push(Fiber.isYieldable());
      try {
        Fiber.yield();
      } catch (error) {
        seen.push((error as { code: string }).code);
      }
    };
    const context = vm.createContext(
      { ask, Promise: undefined },
      { microtaskMode: 'afterEvaluate' },
    );
    const source = '(async () => {})().then(() => { ask(); }); 5';
    const fiber = new Fiber(() => vm.runInContext(source, context) as number);
    const answers = [fiber.resume()];
    void Promise.resolve().then(() => seen.push('main microtask'));
    setTimeout(() => {
      while (!fiber.done) answers.push(fiber.resume());
      console.log(JSON.stringify([seen, answers.at(-1)]));
    }, 5);
  });
  const [seen, last] = answer as [unknown[], unknown];
  t.true(seen.includes('main microtask'), JSON.stringify(seen));
  t.is(last, 5);
});
