// What C and C++ keep per thread although it belongs to a stack.
import test from 'ava';
import { engine, Fiber } from 'greenfiber';

import { answerOf } from '../helpers/answer';
import { addonPath, loadAddon } from '../helpers/test-addon';

const program = (body: string): string => `
  const { Fiber } = require('greenfiber');
  const addon = require(${JSON.stringify(addonPath('v8_addon'))});
  ${body}`;

test('fibers asleep in catch blocks rethrow their own exceptions, in whatever order', async (t) => {
  const body = `
    const fibers = ['a', 'b', 'c'].map((name) => new Fiber(() => addon.whileHandling(name, () => Fiber.yield())));
    fibers.forEach((fiber) => fiber.resume());
    console.log(JSON.stringify([1, 0, 2].map((i) => fibers[i].resume())));`;
  t.deepEqual(await answerOf(t, program(body)), ['b', 'a', 'c']);
});

test('a catch block that a fiber is asleep in is not active for anybody else', async (t) => {
  const body = `
    const fiber = new Fiber(() => addon.whileHandling('x', () => { seen.push(addon.isHandling()); Fiber.yield(); seen.push(addon.isHandling()); }));
    const seen = [];
    fiber.resume();
    seen.push(addon.isHandling(), new Fiber(() => addon.isHandling()).resume());
    seen.push(addon.whileHandling('main', () => fiber.resume()), addon.isHandling());
    console.log(JSON.stringify(seen));`;
  t.deepEqual(await answerOf(t, program(body)), [true, false, false, true, 'main', false]);
});

test('an exception in flight on one stack is not in flight on another', async (t) => {
  const body = `
    const seen = [];
    const fiber = new Fiber(() => addon.whileUnwinding(() => { seen.push(addon.exceptionsInFlight()); Fiber.yield(); seen.push(addon.exceptionsInFlight()); }));
    const other = new Fiber(() => addon.whileUnwinding(() => Fiber.yield()));
    fiber.resume();
    other.resume();
    seen.push(addon.exceptionsInFlight());
    seen.push(fiber.resume(), other.resume(), addon.exceptionsInFlight());
    console.log(JSON.stringify(seen));`;
  t.deepEqual(await answerOf(t, program(body)), [1, 0, 1, 1, 1, 0]);
});

test('a fiber that sleeps in a catch block may be dropped', async (t) => {
  const body = `
    for (let i = 0; i < 50; i++) new Fiber(() => addon.whileHandling('x' + i, () => Fiber.yield())).resume();
    gc();
    console.log(JSON.stringify(addon.whileHandling('main', () => 1)));`;
  t.is(await answerOf(t, program(body)), 'main');
});

test('a switch does not change errno', (t) => {
  const addon = loadAddon('v8_addon');
  const fiber = new Fiber(() => {
    for (;;) Fiber.yield();
  });
  fiber.resume();
  // Tried a few times: anything else that Node does in between may set it.
  const kept = Array.from({ length: 20 }, (_, i) => {
    addon.setErrno(1000 + i);
    fiber.resume();
    return addon.getErrno() === 1000 + i;
  });
  t.true(kept.filter(Boolean).length >= 15, `${engine}: ${kept}`);
  fiber.return();
});
