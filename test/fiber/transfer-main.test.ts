// Transfers and the main stack.

import test from 'ava';
import { Fiber, stats } from 'greenfiber';

import { refused } from '../helpers/codes';

test('the end of a fiber entered by transfer goes to the innermost fiber that the main stack waits for', (t) => {
  const { alive } = stats();
  const error = new Error('from c');
  const b = new Fiber(() => 'b ends');
  const c = new Fiber(() => {
    throw error;
  });
  const a = new Fiber(() => {
    const got = b.transfer();
    t.is(
      t.throws(() => c.transfer()),
      error,
    );
    return Fiber.yield(got);
  });
  const resumer = new Fiber(() => [a.resume(), a.resume('a ends')]);
  t.deepEqual(resumer.resume(), ['b ends', 'a ends']);
  t.is(stats().alive, alive);
});

test('the main stack can be transferred to when it has transferred away', (t) => {
  const { alive } = stats();
  t.is(Fiber.main.state, 'running');
  t.is(Fiber.main.transfer('itself'), 'itself');
  const seen: unknown[] = [];
  const fiber = new Fiber((first) => {
    seen.push(first, Fiber.main.state);
    seen.push(Fiber.main.transfer('to main'));
    return 'end';
  });
  t.is(fiber.transfer('first'), 'to main');
  t.is(fiber.state, 'suspended');
  t.is(fiber.transfer('second'), 'end');
  t.deepEqual(seen, ['first', 'suspended', 'second']);
  t.is(stats().alive, alive);
});

test('the main stack cannot be transferred to while it waits for a fiber that it resumed', (t) => {
  const fiber = new Fiber(() => {
    t.is(Fiber.main.state, 'resuming');
    refused(t, 'ERR_FIBER_TRANSFER', () => Fiber.main.transfer());
    return 'end';
  });
  t.is(fiber.resume(), 'end');
});

test('a fiber below its resumers transfers to the main stack, and they wait until somebody comes back to it', (t) => {
  const tip = new Fiber(() => Fiber.main.transfer('away'));
  const resumer = new Fiber(() => ['resumer', tip.resume()]);
  const first = new Fiber(() => ['first', resumer.resume()]);
  t.is(first.transfer(), 'away');
  t.deepEqual([first.state, resumer.state, tip.state], ['resuming', 'resuming', 'suspended']);
  t.deepEqual(tip.transfer('back'), ['first', ['resumer', 'back']]);
});
