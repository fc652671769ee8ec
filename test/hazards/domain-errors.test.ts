// An error that leaves a fiber while a domain is active goes where it would go if the fiber were a function that is called.
// The oracle is the same program with plain calls.
import test from 'ava';

import { runChild } from '../helpers/child';

/** What `call` does with a function. */
const calls = {
  'a fiber': '(fn) => new Fiber(fn).resume()',
  'a fiber that has slept, as another does in a domain': `(fn) => {
    const other = new Fiber(() => asleep.run(() => Fiber.yield()));
    const fiber = new Fiber(() => { other.resume(); Fiber.yield(); return fn(); });
    fiber.resume();
    other.resume();
    return fiber.resume();
  }`,
  'a generator': '(fn) => { generate(fn).next(); }',
};

/** Programs that end by an error in `a` or `b`, two domains; `silent` has no handler. */
const programs: Record<string, string> = {
  'from the main script': 'call(() => a.run(fails))',
  'from a timer': 'setTimeout(() => call(() => a.run(fails)), 1)',
  'from an immediate': 'setImmediate(() => call(() => a.run(fails)))',
  'from a tick': 'process.nextTick(() => call(() => a.run(fails)))',
  'from a microtask': 'queueMicrotask(() => call(() => a.run(fails)))',
  'from a promise': 'Promise.resolve().then(() => call(() => a.run(fails)))',
  'from an emitter': `const emitter = new EventEmitter();
    emitter.on('event', () => call(() => a.run(fails)));
    setImmediate(() => emitter.emit('event'))`,
  'from an emitter of a domain': `const emitter = a.run(() => new EventEmitter());
    emitter.on('event', () => call(fails));
    setImmediate(() => emitter.emit('event'))`,
  'from an error event': `setImmediate(() => call(() => a.run(() => new EventEmitter().emit('error', new Error('x')))))`,
  'in an async function':
    'setImmediate(() => call(() => { a.run(async () => { await null; fails(); }); }))',
  'in two domains': 'setImmediate(() => call(() => a.run(() => b.run(fails))))',
  'in two domains, the handler of one fails': `b.on('error', () => { throw new Error('y'); });
    setImmediate(() => call(() => a.run(() => b.run(fails))))`,
  'in the domain of the resumer': 'setImmediate(() => a.run(() => call(fails)))',
  'in one domain, the resumer in the other':
    'setImmediate(() => a.run(() => call(() => b.run(fails))))',
  'in no domain any more': 'setImmediate(() => call(() => { a.run(() => 1); fails(); }))',
  'in a domain without a handler': 'setImmediate(() => call(() => silent.run(fails)))',
  'in a domain without a handler, the resumer in one with':
    'setImmediate(() => a.run(() => call(() => silent.run(fails))))',
  'of a bound function': 'setImmediate(() => call(a.bind(fails)))',
  'of what it started': 'setImmediate(() => call(() => a.run(() => { setTimeout(fails, 1); })))',
  'that is no object': "setImmediate(() => call(() => a.run(() => { throw 'x'; })))",
  'that is caught and thrown again': `setImmediate(() => {
    try { call(() => a.run(fails)); } catch (error) { throw error; }
  })`,
  'that an uncaughtException listener sees': `process.on('uncaughtException', (error) => console.log('uncaught', error.message));
    setImmediate(() => call(() => silent.run(fails)))`,
};

const source = (call: string, program: string): string => `
  const { Fiber, generate } = require('greenfiber');
  const EventEmitter = require('node:events');
  const domain = require('node:domain');
  const [a, b, silent, asleep] = [1, 2, 3, 4].map(() => domain.create());
  a.on('error', (error) => console.log('a got', error.message ?? error));
  b.on('error', (error) => console.log('b got', error.message ?? error));
  process.on('exit', (code) => console.log('exit', code, process.domain == null, domain._stack.length));
  const fails = () => { throw new Error('x'); };
  const call = ${call};
  ${program};
  setTimeout(() => console.log('later', process.domain == null, domain._stack.length), 20);`;

/** How a program ended, and who got the error. */
async function outcomeOf(call: string, program: string) {
  const exit = await runChild(source(call, program), { flags: ['--no-warnings'] });
  const got = exit.stdout.split('\n').filter((line) => / got |^uncaught /.test(line));
  return { outcome: { code: exit.code, signal: exit.signal, got }, stdout: exit.stdout };
}

for (const [name, program] of Object.entries(programs)) {
  test(`an error ${name}`, async (t) => {
    const plain = await outcomeOf('(fn) => fn()', program);
    for (const [how, call] of Object.entries(calls)) {
      const { outcome, stdout } = await outcomeOf(call, program);
      t.deepEqual(outcome, plain.outcome, how);
      // An error that ends the process does so in its domain.
      if (!plain.stdout.includes(' false')) {
        t.notRegex(stdout, / false/, `${how}: no domain is left active`);
      }
    }
  });
}

test('an error that is thrown into a fiber goes to the domain that the fiber sleeps in', async (t) => {
  const program = `setImmediate(() => {
    const fiber = new Fiber(() => a.run(() => Fiber.yield()));
    fiber.resume();
    fiber.throw(new Error('x'));
  })`;
  const { code, stdout } = await runChild(source('undefined', program));
  t.is(code, 0);
  t.regex(stdout, /^a got x\n/);
});

test('the error of a task that nobody joins goes to the domain that it was thrown in', async (t) => {
  const program = `const { sleep, spawn } = require('greenfiber');
    spawn(() => a.run(() => { sleep(1); fails(); }));
    a.run(() => spawn(() => { sleep(5); fails(); }))`;
  const { code, stdout } = await runChild(source('undefined', program));
  t.is(code, 0);
  t.is(stdout.match(/^a got x$/gm)?.length, 2, stdout);
});

test('an error that a resumer catches leaves it in its own domain', async (t) => {
  const program = `setImmediate(() => b.run(() => {
    try { new Fiber(() => a.run(fails)).resume(); } catch {}
    console.log(process.domain === b, domain._stack.length);
    fails();
  }))`;
  const { code, stdout } = await runChild(source('undefined', program));
  t.is(code, 0);
  t.regex(stdout, /^true 1\nb got x\n/);
});
