// AsyncLocalStorage stores belong to the fiber, on every Node, however Node carries them and whether or not
// async hooks are watching.
import test from 'ava';

import { answerOf } from '../helpers/answer';
import { carriers } from '../helpers/carriers';
import type { Program } from '../helpers/child';

const hooked = ['without async hooks', 'with async hooks'];

/** The title says what holds; the program prints `expected` as JSON. */
function everywhere(title: string, program: Program, expected: unknown): void {
  for (const [how, flags] of Object.entries(carriers)) {
    for (const hooks of hooked) {
      test(`${title}, carried ${how}, ${hooks}`, async (t) => {
        const env = { HOOKS: hooks === 'with async hooks' ? '1' : '' };
        t.deepEqual(await answerOf(t, program, { flags, env }), expected);
      });
    }
  }
}

everywhere(
  'a store set inside a fiber stays there over yields and is never seen by the resumer',
  ({ Fiber }) => {
    const hooks = require('node:async_hooks') as typeof import('node:async_hooks');
    if (process.env['HOOKS'])
      hooks.createHook({ init: Boolean, before: Boolean, after: Boolean }).enable();
    const storage = new hooks.AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const see = (who: string): number => seen.push([who, storage.getStore() ?? 'none']);
    const fiber = new Fiber(() => {
      see('fiber start');
      storage.run('F', () => {
        see('fiber 1');
        Fiber.yield();
        see('fiber 2');
        Fiber.yield();
        see('fiber 3');
      });
      see('fiber end');
    });
    storage.run('M', () => {
      fiber.resume();
      see('main in run');
    });
    see('main outside');
    setTimeout(() => {
      see('timer');
      fiber.resume();
      see('timer after');
      storage.run('N', () => {
        setImmediate(() => {
          see('immediate');
          fiber.resume();
          see('immediate after');
          console.log(JSON.stringify(seen));
        });
      });
    });
  },
  [
    ['fiber start', 'none'],
    ['fiber 1', 'F'],
    ['main in run', 'M'],
    ['main outside', 'none'],
    ['timer', 'none'],
    ['fiber 2', 'F'],
    ['timer after', 'none'],
    ['immediate', 'N'],
    ['fiber 3', 'F'],
    ['fiber end', 'none'],
    ['immediate after', 'N'],
  ],
);

everywhere(
  'a fiber sees the store of where it was created, not of where it is resumed',
  ({ Fiber }) => {
    const hooks = require('node:async_hooks') as typeof import('node:async_hooks');
    if (process.env['HOOKS'])
      hooks.createHook({ init: Boolean, before: Boolean, after: Boolean }).enable();
    const storage = new hooks.AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const make = (name: string) =>
      storage.run(
        name,
        () =>
          new Fiber(() => {
            for (let i = 0; i < 3; i++) {
              seen.push(storage.getStore());
              Fiber.yield();
            }
          }),
      );
    const [a, b] = [make('A'), make('B')];
    a.resume();
    b.resume();
    storage.run('M', () => {
      a.resume();
      b.resume();
      seen.push(storage.getStore());
    });
    void Promise.resolve().then(() => {
      b.resume();
      a.resume();
      console.log(JSON.stringify(seen));
    });
  },
  ['A', 'B', 'A', 'B', 'M', 'B', 'A'],
);

everywhere(
  'what a fiber starts asynchronously carries the store it was started in',
  ({ Fiber }) => {
    const hooks = require('node:async_hooks') as typeof import('node:async_hooks');
    if (process.env['HOOKS'])
      hooks.createHook({ init: Boolean, before: Boolean, after: Boolean }).enable();
    const storage = new hooks.AsyncLocalStorage<string>();
    const seen: string[] = [];
    const see = (what: string) => () => {
      seen.push(`${what} ${String(storage.getStore())}`);
    };
    const fiber = new Fiber(() => {
      storage.run('F', () => {
        process.nextTick(see('tick'));
        Fiber.yield();
        void Promise.resolve().then(see('promise'));
        setTimeout(see('timeout'), 1);
        queueMicrotask(see('microtask'));
        void (async () => {
          await Promise.resolve();
          see('async function')();
        })();
        Fiber.yield();
      });
      setImmediate(see('outside'));
    });
    storage.run('M', () => {
      fiber.resume();
    });
    fiber.resume();
    storage.run('N', () => {
      fiber.resume();
    });
    setTimeout(() => {
      // On a busy machine the timer comes before the immediates.
      setImmediate(() => {
        console.log(JSON.stringify(seen.sort()));
      });
    }, 30);
  },
  ['async function F', 'microtask F', 'outside undefined', 'promise F', 'tick F', 'timeout F'],
);

everywhere(
  'enterWith in a fiber stays in the fiber, and of the resumer in the resumer',
  ({ Fiber }) => {
    const hooks = require('node:async_hooks') as typeof import('node:async_hooks');
    if (process.env['HOOKS'])
      hooks.createHook({ init: Boolean, before: Boolean, after: Boolean }).enable();
    const storage = new hooks.AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const fiber = new Fiber(() => {
      storage.enterWith('F');
      Fiber.yield();
      seen.push(storage.getStore());
    });
    setImmediate(() => {
      fiber.resume();
      seen.push(storage.getStore() ?? 'none');
      storage.enterWith('M');
      fiber.resume();
      seen.push(storage.getStore());
      console.log(JSON.stringify(seen));
    });
  },
  ['none', 'F', 'M'],
);

everywhere(
  'nested fibers, errors and return() leave every store where it was',
  ({ Fiber }) => {
    const hooks = require('node:async_hooks') as typeof import('node:async_hooks');
    if (process.env['HOOKS'])
      hooks.createHook({ init: Boolean, before: Boolean, after: Boolean }).enable();
    const storage = new hooks.AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const inner = (end: () => void) =>
      new Fiber(() =>
        storage.run('inner', () => {
          try {
            Fiber.yield();
            end();
          } finally {
            seen.push(storage.getStore());
          }
        }),
      );
    const outer = new Fiber(() => {
      storage.run('outer', () => {
        const thrower = inner(() => {
          throw new Error('thrown');
        });
        const returned = inner(() => undefined);
        thrower.resume();
        returned.resume();
        gc!();
        seen.push(storage.getStore());
        try {
          thrower.resume();
        } catch {
          seen.push(storage.getStore());
        }
        returned.return();
        seen.push(storage.getStore());
      });
    });
    storage.run('main', () => {
      outer.resume();
      seen.push(storage.getStore());
    });
    console.log(JSON.stringify(seen));
  },
  ['outer', 'inner', 'outer', 'inner', 'outer', 'main'],
);

everywhere(
  'transfer switches the store, too',
  ({ Fiber }) => {
    const hooks = require('node:async_hooks') as typeof import('node:async_hooks');
    if (process.env['HOOKS'])
      hooks.createHook({ init: Boolean, before: Boolean, after: Boolean }).enable();
    const storage = new hooks.AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const fibers: InstanceType<typeof Fiber>[] = ['A', 'B'].map(
      (name, i) =>
        new Fiber(() => {
          storage.run(name, () => {
            for (let turn = 0; turn < 2; turn++) {
              seen.push(storage.getStore());
              fibers[1 - i]!.transfer();
            }
          });
        }),
    );
    storage.run('M', () => {
      fibers[0]!.transfer();
      seen.push(storage.getStore());
    });
    console.log(JSON.stringify(seen));
  },
  ['A', 'B', 'A', 'B', 'M'],
);
