// process.domain goes with the async context.
import test from 'ava';

import { answerOf } from '../helpers/answer';

test('a domain entered in a fiber is left with it and found again', async (t) => {
  const answer = await answerOf(t, ({ Fiber }) => {
    const domain = (require('node:domain') as typeof import('node:domain')).create();
    const here = (): boolean => (process as { domain?: unknown }).domain === domain;
    const seen: boolean[] = [];
    const fiber = new Fiber(() => {
      domain.run(() => {
        Fiber.yield();
        seen.push(here());
        Fiber.yield();
        seen.push(here());
      });
      seen.push(here());
    });
    fiber.resume();
    seen.push(here());
    setTimeout(() => {
      seen.push(here());
      fiber.resume();
      seen.push(here());
      setImmediate(() => {
        fiber.resume();
        seen.push(here());
        console.log(JSON.stringify(seen));
      });
    });
  });
  t.deepEqual(answer, [false, false, true, false, true, false, false]);
});

test('an error in what a fiber started inside a domain goes to the domain', async (t) => {
  const answer = await answerOf(t, ({ Fiber }) => {
    const { create } = require('node:domain') as typeof import('node:domain');
    const got: string[] = [];
    const fibers = ['a', 'b'].map((name) => {
      const domain = create();
      domain.on('error', (error) => got.push(`${name} got ${error.message}`));
      return new Fiber(() =>
        domain.run(() => {
          Fiber.yield();
          setTimeout(() => {
            throw new Error(`error of ${name}`);
          }, 1);
          Fiber.yield();
        }),
      );
    });
    for (let i = 0; i < 2; i++) for (const fiber of fibers) fiber.resume();
    setTimeout(() => {
      console.log(JSON.stringify(got.sort()));
    }, 30);
  });
  t.deepEqual(answer, ['a got error of a', 'b got error of b']);
});

test('the domain of the resumer is its own again when a fiber ends by an error', async (t) => {
  const answer = await answerOf(t, ({ Fiber }) => {
    const { create } = require('node:domain') as typeof import('node:domain');
    const [inner, outer] = [create(), create()];
    const current = (): unknown => (process as { domain?: unknown }).domain;
    const seen: unknown[] = [];
    outer.run(() => {
      const fiber = new Fiber(() => {
        inner.enter();
        Fiber.yield();
        throw new Error('thrown');
      });
      fiber.resume();
      seen.push(current() === outer);
      try {
        fiber.resume();
      } catch (error) {
        seen.push((error as Error).message, current() === outer);
      }
    });
    console.log(JSON.stringify(seen));
  });
  t.deepEqual(answer, [true, 'thrown', true]);
});
