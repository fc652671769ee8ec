/** What was handed to a blocking call that raises is observed, and nothing that was given up is retained. */
import test from 'ava';
import { select, spawn, wait } from 'greenfiber';

import { runChild } from '../helpers/child';

const QUIET = { code: 0, signal: null, stderr: '' };

test('a promise given to wait in a cancelled scope is no unhandled rejection', async (t) => {
  const exit = await runChild(({ group, spawn, wait, select, sync, timeout, sleep }) => {
    const failing = async (): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      throw new Error('nobody waits for it');
    };
    const quietly = (call: () => unknown): void => {
      try {
        call();
      } catch {
        // what it raises is not the matter
      }
    };
    spawn(() => {
      quietly(() =>
        group((g) => {
          g.cancel();
          quietly(() => wait(failing()));
          quietly(() => select([{ settled: failing() }]));
          quietly(() => sync(failing)());
          quietly(() => spawn(failing).join());
          quietly(() => wait(spawn(failing)));
          quietly(() => timeout(1, failing));
        }),
      );
      quietly(() => timeout(1, () => wait(failing())));
      quietly(() => select([{ settled: failing() }, { bad: 1 } as never]));
      select([{ settled: failing() }], { default: 0 });
      sleep(30);
    });
    quietly(() => wait(failing()));
    quietly(() => select([{ settled: failing() }]));
  });
  t.like(exit, QUIET);
});

test('an async function given to sync is not begun in a cancelled scope', async (t) => {
  const exit = await runChild(({ group, spawn, sync }) => {
    let begun = false;
    spawn(() => {
      try {
        group((g) => {
          g.cancel();
          // eslint-disable-next-line @typescript-eslint/require-await -- it is not the matter
          sync(async () => (begun = true))();
        });
      } catch {
        process.exitCode = begun ? 1 : 0;
      }
    });
  });
  t.like(exit, QUIET);
});

test('two waits for one promise, one given up, both learn what they have to', async (t) => {
  const { timeout } = await import('greenfiber');
  let resolve: (value: number) => void = () => undefined;
  const promise = new Promise<number>((done) => (resolve = done));
  const results = await spawn(() => {
    try {
      timeout(1, () => wait(promise));
    } catch {
      // given up
    }
    const others = [
      spawn(() => wait(promise)),
      spawn(() => wait(promise)),
      spawn(() => select([{ settled: promise }]).value),
    ];
    setTimeout(resolve, 5, 42);
    return [wait(promise), ...others.map((task) => task.join())];
  });
  t.deepEqual(results, [42, 42, 42, 42]);
});

test('waits that were given up leave nothing in a promise that stays pending', async (t) => {
  const exit = await runChild(
    ({ spawn, wait, select, timeout, abortable, sleep }) => {
      const heap = (): number => {
        globalThis.gc?.();
        globalThis.gc?.();
        return process.memoryUsage().heapUsed;
      };
      const pending = new Promise(() => undefined);
      const { signal } = new AbortController();
      const rounds: (() => unknown)[] = [
        () => timeout(1, () => wait(pending)),
        () => select([{ settled: pending }, { after: 0 }]),
        () => abortable(signal, () => sleep(0)),
      ];
      spawn(() => {
        for (const round of rounds) {
          const repeat = (times: number): void => {
            for (let i = 0; i < times; i++) {
              try {
                round();
              } catch {
                // given up
              }
            }
          };
          repeat(1200);
          const before = heap();
          repeat(2000);
          console.log(heap() - before < 2000 * 100 ? 'flat' : `grew for ${String(round)}`);
        }
        process.exit();
      });
    },
    { flags: ['--no-opt'] },
  );
  t.is(exit.stdout, 'flat\n'.repeat(3));
});
