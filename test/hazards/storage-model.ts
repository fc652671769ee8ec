/**
 * The driver of storage-model.test.ts, in a process of its own: storage-model.js FIRST_SEED SEEDS. Prints what storages
 * answered that the model did not, as JSON.
 */
import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { Fiber, sleep, spawn, yieldNow } from 'greenfiber';

import { randomBelow } from '../helpers/random';

type Stores = (number | undefined)[];

/** What runs on one stack, or in one callback: its stores, and how it lets others run. */
interface Flow {
  stores: Stores;
  rest: () => void;
}

/** A context that was captured; entered by one flow at a time, since Node's resource objects are shared by all who do. */
interface Captured {
  run: (fn: () => void) => void;
  stores: Stores;
  entered: boolean;
}

const [firstSeed = 1, seeds = 100] = process.argv.slice(2).map(Number);
const wrong: string[] = [];
/** Whether stores lie on resource objects. */
const canDisable = '_enable' in AsyncLocalStorage.prototype;

async function runProgram(seed: number): Promise<void> {
  const random = randomBelow(seed);
  const storages = [1, 2, 3].map(() => new AsyncLocalStorage<number>());
  const captured: Captured[] = [];
  const sleeping: Fiber[] = [];
  let pending = 0;
  let budget = 120;
  let lastStore = 0;

  const check = (flow: Flow, where: string): void => {
    const answers = storages.map((storage) => storage.getStore());
    if (answers.every((answer, i) => answer === flow.stores[i])) return;
    wrong.push(`seed ${seed}, ${where}: ${answers.join()} for ${flow.stores.join()}`);
  };

  /** Runs `fn` with `store`, as the model has it: what is the store already is no change. */
  const within = (flow: Flow, i: number, store: number | undefined, enter: () => void): void => {
    const before = flow.stores[i];
    flow.stores[i] = store;
    enter();
    if (before !== store) flow.stores[i] = before;
  };

  const inCallback = (flow: Flow): (() => void) => {
    const stores = [...flow.stores];
    pending++;
    return () => {
      steps({ stores, rest: () => undefined }, 1, 'callback');
      pending--;
    };
  };

  const steps = (flow: Flow, depth: number, where: string): void => {
    for (let n = 1 + random(4); n > 0 && budget-- > 0; n--) {
      step(flow, depth, where);
      check(flow, where);
    }
  };

  const step = (flow: Flow, depth: number, where: string): void => {
    const i = random(storages.length);
    const storage = storages[i]!;
    const deeper = (name: string) => (): void => {
      check(flow, `${where} > ${name}`);
      steps(flow, depth + 1, `${where} > ${name}`);
      flow.rest();
      check(flow, `${where} > ${name}, rested`);
    };
    if (depth > 4) {
      flow.rest();
      return;
    }
    switch (random(12)) {
      case 0: {
        const store = ++lastStore;
        within(flow, i, store, () => {
          storage.run(store, deeper('run'));
        });
        break;
      }
      case 1:
        within(flow, i, undefined, () => {
          storage.exit(deeper('exit'));
        });
        break;
      case 2:
        // What enterWith sets in a context that was captured stays in it on some Nodes.
        if (where.includes('captured')) break;
        flow.stores[i] = ++lastStore;
        storage.enterWith(lastStore);
        break;
      case 3:
        // An AsyncContextFrame forgets the store for all that share it; on the main stack the whole instance is meant.
        if (!canDisable || where.includes('captured') || Fiber.current === undefined) break;
        flow.stores[i] = undefined;
        storage.disable();
        break;
      case 4:
        captured.push({
          run: AsyncLocalStorage.snapshot(),
          stores: [...flow.stores],
          entered: false,
        });
        break;
      case 5:
        captured.push({
          run: AsyncResource.bind((fn: () => void) => {
            fn();
          }),
          stores: [...flow.stores],
          entered: false,
        });
        break;
      case 6: {
        const context = captured[random(captured.length + 1)];
        if (context === undefined || context.entered) break;
        const before = flow.stores;
        context.entered = true;
        flow.stores = [...context.stores];
        context.run(deeper('captured'));
        context.entered = false;
        flow.stores = before;
        break;
      }
      case 7:
        makeFiber(flow, where);
        break;
      case 8:
        resumeOne();
        break;
      case 9: {
        const stores = [...flow.stores];
        pending++;
        spawn(() => {
          const rest = (): void => {
            if (random(2) === 0) yieldNow();
            else sleep(0);
          };
          steps({ stores, rest }, 0, 'task');
          pending--;
        });
        break;
      }
      case 10:
        [setImmediate, queueMicrotask, process.nextTick][random(3)]!(inCallback(flow));
        break;
      default:
        flow.rest();
    }
  };

  const makeFiber = (flow: Flow, where: string): void => {
    const stores = [...flow.stores];
    sleeping.push(
      new Fiber(() => {
        const rest = (): void => {
          if (Fiber.isYieldable()) Fiber.yield();
        };
        steps({ stores, rest }, 0, `${where.split(' ', 1)[0] ?? ''}-fiber`);
      }),
    );
  };

  const resumeOne = (): void => {
    const [fiber] = sleeping.splice(random(sleeping.length + 1), 1);
    if (fiber === undefined) return;
    fiber.resume();
    if (!fiber.done) sleeping.push(fiber);
  };

  const main: Flow = { stores: storages.map(() => undefined), rest: resumeOne };
  for (let n = 0; n < 6; n++) steps(main, 0, 'main');
  while (sleeping.length > 0 || pending > 0) {
    resumeOne();
    check(main, 'main');
    await new Promise(setImmediate);
  }
  transferAround(random, storages, check);
  for (const storage of storages) storage.disable();
}

/** Fibers that transfer to each other, each in a store that it changes now and then. */
function transferAround(
  random: (below: number) => number,
  storages: AsyncLocalStorage<number>[],
  check: (flow: Flow, where: string) => void,
): void {
  const stores = storages.map((storage) => storage.getStore());
  let turns = 30;
  const fibers: Fiber[] = [1, 2, 3].map(
    (_, me) =>
      new Fiber(() => {
        const flow: Flow = { stores: [...stores], rest: () => undefined };
        const go = (): void => {
          while (turns-- > 0) {
            const i = random(storages.length);
            const before = flow.stores[i];
            if (random(3) === 0) {
              flow.stores[i] = undefined;
              storages[i]?.exit(() => {
                away();
              });
            } else {
              flow.stores[i] = 1000 + turns;
              storages[i]?.run(1000 + turns, away);
            }
            flow.stores[i] = before;
            check(flow, 'transferring');
          }
        };
        const away = (): void => {
          const others = fibers.filter((fiber, i) => i !== me && !fiber.done);
          others[random(others.length)]?.transfer();
          check(flow, 'transferred');
        };
        go();
      }),
  );
  fibers[0]?.transfer();
}

async function main(): Promise<void> {
  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) await runProgram(seed);
  console.log(JSON.stringify(wrong.slice(0, 5)));
}

void main();
