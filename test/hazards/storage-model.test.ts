// Random programs that use AsyncLocalStorage in fibers, tasks and callbacks, against a model: what a storage answers is
// the business of the flow that asks, however Node carries it.
import { join } from 'node:path';
import test from 'ava';

import { answerOf } from '../helpers/answer';
import { carriers } from '../helpers/carriers';

const driver = join(__dirname, 'storage-model.js');
const SEEDS = 150;

for (const [how, flags] of Object.entries(carriers)) {
  test(`every flow has stores of its own, carried ${how}`, async (t) => {
    t.deepEqual(await answerOf(t, driver, { flags, args: ['1', String(SEEDS)] }), []);
  });
}

for (const [how, flags] of Object.entries(carriers)) {
  test(`exit() and disable() of one task are nothing to another, carried ${how}`, async (t) => {
    const answer = await answerOf(
      t,
      ({ sleep, spawn }) => {
        const { AsyncLocalStorage } =
          require('node:async_hooks') as typeof import('node:async_hooks');
        const storage = new AsyncLocalStorage<string>();
        const seen: Record<string, string> = {};
        const see = (where: string): void => {
          seen[where] = storage.getStore() ?? 'none';
        };
        storage.run('a', () =>
          spawn(() => {
            sleep(10);
            see('while the others have left it');
            storage.run('inner', () => {
              sleep(1);
              see('in run');
            });
            sleep(40);
            see('at the end');
          }),
        );
        storage.run('b', () =>
          spawn(() => {
            storage.exit(() => {
              sleep(20);
              see('in exit');
            });
            see('after exit');
          }),
        );
        storage.run('c', () =>
          spawn(() => {
            storage.disable();
            sleep(30);
            see('disabled');
          }),
        );
        process.on('exit', () => {
          console.log(JSON.stringify(seen));
        });
      },
      { flags },
    );
    t.deepEqual(answer, {
      'while the others have left it': 'a',
      'in run': 'inner',
      'in exit': 'none',
      'after exit': 'b',
      disabled: 'none',
      'at the end': 'a',
    });
  });
}
