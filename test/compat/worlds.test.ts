/** Programs of node-fibers beside tasks: each waits for the other's things. */
import test from 'ava';
import { configure, fiberize, sleep, spawn, sync, timeout, TimeoutError, wait } from 'greenfiber';
import Fiber from 'greenfiber/fibers';
import Future from 'greenfiber/future';

import { runChild } from '../helpers/child';
import { caught, inTask } from '../helpers/in-task';

const later = <T>(value: T): Promise<T> =>
  new Promise((resolve) => setTimeout(() => resolve(value), 2));

test('a task waits for futures', async (t) => {
  await inTask(t, () => {
    const future = new Future<number>();
    setTimeout(() => future.return(7), 2);
    t.is(future.wait(), 7);
    t.is(Future.task(() => wait(later(3))).wait(), 3);
    t.is(
      (caught(() => Future.fromPromise(Promise.reject(new Error('no'))).wait()) as Error).message,
      'no',
    );
    const several = [new Future(), new Future()];
    setTimeout(() => several.forEach((one) => one.return(1)), 2);
    Future.wait(several);
    t.true(several.every((one) => one.isResolved()));
  });
});

test('the wait of a task for a future is cancelled like any other', async (t) => {
  await inTask(t, () => {
    const future = new Future<number>();
    t.true(caught(() => timeout(2, () => future.wait())) instanceof TimeoutError);
    future.return(1);
    sleep(1);
    t.is(future.wait(), 1);
  });
});

test('a fiber of greenfiber/fibers waits for promises and tasks', async (t) => {
  const seen: unknown[] = [];
  await new Promise<void>((resolve) => {
    const fiber = Fiber(() => {
      seen.push(wait(later('value')), wait('no promise'));
      seen.push((caught(() => wait(Promise.reject(new Error('no')))) as Error).message);
      seen.push(wait(spawn(() => (sleep(2), 'task'))));
      seen.push(sync(later)('sync'));
      resolve();
    });
    t.is(fiber.run(), undefined);
  });
  t.deepEqual(seen, ['value', 'no promise', 'no', 'task', 'sync']);
});

test('who runs a waiting fiber for another reason does not end its wait', async (t) => {
  await new Promise<void>((resolve) => {
    const fiber = Fiber(() => {
      t.is(wait(later('value')), 'value');
      resolve();
    });
    fiber.run();
    fiber.run('early');
  });
});

test('a fiber that is reset while it waits is left alone afterwards', async (t) => {
  let zombie: unknown;
  const promise = later(1);
  const fiber = Fiber(() => {
    zombie = caught(() => wait(promise));
  });
  fiber.run();
  fiber.reset();
  t.is((zombie as Error).message, 'This Fiber is a zombie');
  await promise;
  await later(1);
  t.false(fiber.started);
});

test('an error that leaves such a fiber is an uncaught exception', async (t) => {
  const { code, stderr } = await runChild(`
    const { wait } = require('greenfiber');
    require('greenfiber/fibers')(function mine() {
      wait(new Promise((resolve) => setTimeout(resolve, 1)));
      throw new Error('after the wait');
    }).run();`);
  t.is(code, 1);
  t.regex(stderr, /Error: after the wait\n +at mine/);
});

test('outside of tasks and of these fibers, wait is refused as ever', (t) => {
  t.throws(() => wait(Promise.resolve(1)), { code: 'ERR_FIBER_NOT_IN_FIBER' });
  t.throws(() => new Future().wait(), { message: "Can't wait without a fiber" });
});

test('there is room for 10,000 calls and deep JSON, unless the program configured another stack', async (t) => {
  const program = (configured: string): string => `
    const { configure } = require('greenfiber');
    ${configured}
    const Fiber = require('greenfiber/fibers');
    let nested = [];
    for (let i = 0; i < 3000; i++) nested = [nested];
    let depth = 0;
    const down = () => { depth++; down(); };
    Fiber(() => {
      try { JSON.stringify(nested); } catch { console.log('too deep'); }
      try { down(); } catch {}
    }).run();
    console.log(depth > 10_000);`;
  t.is((await runChild(program(''))).stdout, 'true\n');
  const small = await runChild(program('configure({ stackSize: 128 * 1024 });'));
  t.regex(small.stdout, /false\n$/);
  t.true(typeof configure === 'function');
});

test("a loop over a fiber's properties sees its methods", (t) => {
  const names: string[] = [];
  for (const name in Fiber(() => 1)) names.push(name);
  t.deepEqual(names.sort(), ['reset', 'run', 'started', 'throwInto']);
});

test('fiberize keeps the name of the function', (t) => {
  t.is(fiberize(function handler() {}).name, 'handler'); // eslint-disable-line @typescript-eslint/no-empty-function -- its name is the matter
});
