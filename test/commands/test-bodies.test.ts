// greenfiber/test, with a runner of a few lines; test:runners has the real ones.
import test from 'ava';
import { currentTask, wait } from 'greenfiber';
import { inTask, inTasks } from 'greenfiber/test';

import { runChild } from '../helpers/child';
import { refused } from '../helpers/codes';

type Body = (this: unknown, ...args: never[]) => unknown;

/** Keeps what it is given, as a runner does until it begins. */
function makeRunner() {
  const bodies: Body[] = [];
  const declare = (_name: string, body: Body): void => void bodies.push(body);
  const members = {
    only: declare,
    describe: (_name: string, body: () => void): void => body(),
    each: (table: unknown[]) => (_name: string, body: Body) => {
      for (const row of table) bodies.push(body.bind(undefined, row as never));
    },
  };
  return { bodies, declare: inTasks(Object.assign(declare, members)) };
}

const runsInTask = (): boolean => currentTask() !== undefined && wait(Promise.resolve(true));

test('a body runs in a task, whichever member of the test function it was given to', async (t) => {
  const { bodies, declare } = makeRunner();
  declare('a', runsInTask);
  declare.only('b', runsInTask);
  declare.each([1, 2])('c', runsInTask);
  t.deepEqual(await Promise.all(bodies.map((body) => body())), [true, true, true, true]);
});

test('what declares tests is called at once', (t) => {
  const { bodies, declare } = makeRunner();
  declare.describe('suite', () => {
    t.is(currentTask(), undefined);
    declare('a', runsInTask);
  });
  t.is(bodies.length, 1);
});

test('a body keeps its this, its parameters, its name and its text', async (t) => {
  function body(this: unknown, a: number, b: number): unknown {
    return [this, a, b];
  }
  const wrapped = inTask(body);
  t.deepEqual(
    [wrapped.length, wrapped.name, String(wrapped)],
    [body.length, body.name, String(body)],
  );
  t.deepEqual(await wrapped.call('this', 1, 2), ['this', 1, 2]);
});

test('a body that is given a callback answers nothing, and an error goes to the callback', async (t) => {
  const error = await new Promise((resolve) => {
    const body = (done: (error?: unknown) => void): void => {
      if (wait(Promise.resolve(true))) throw new Error('thrown in a task');
      done();
    };
    const answer: unknown = inTask(body)(resolve);
    t.is(answer, undefined);
  });
  t.is((error as Error).message, 'thrown in a task');
});

test('wrapping twice is wrapping once', (t) => {
  const { declare } = makeRunner();
  t.is(inTasks(declare), declare);
});

test('what is no function is refused', (t) => {
  refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => inTask(1 as never));
  refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => inTasks(undefined as never));
});

test('globals that a runner sets later are wrapped, too', async (t) => {
  const { code, stdout } = await runChild(`
    require('./dist/test/globals');
    console.log(typeof it);
    const bodies = [];
    it = (name, body) => bodies.push(body);
    it('waits', () => require('greenfiber').wait(Promise.resolve('waited')));
    bodies[0]().then(console.log);
  `);
  t.deepEqual({ code, stdout }, { code: 0, stdout: 'undefined\nwaited\n' });
});
