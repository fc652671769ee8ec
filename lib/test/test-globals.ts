import { inTasks } from './in-task';

/** What Mocha (both of its interfaces), Jest and Vitest call the functions that take bodies. */
const NAMES = [
  ...['it', 'test', 'specify', 'fit'],
  ...['before', 'after', 'beforeEach', 'afterEach', 'beforeAll', 'afterAll'],
  ...['setup', 'teardown', 'suiteSetup', 'suiteTeardown'],
];

/** Makes a runner's global test functions run their bodies in tasks: those that are there, and those that will be. */
export function putGlobalsInTasks(global: typeof globalThis): void {
  for (const name of NAMES) {
    let value = ours(Reflect.get(global, name));
    Object.defineProperty(global, name, {
      configurable: true,
      get: () => value,
      set: (given: unknown) => {
        value = ours(given);
      },
    });
  }
}

function ours(given: unknown): unknown {
  return typeof given === 'function' ? inTasks(given as () => void) : given;
}
