/* eslint-disable @typescript-eslint/await-thenable, @typescript-eslint/no-floating-promises --
   on purpose: tests of odd programs */
import type { BuiltIn } from './built-ins';

/** Those in which an error at `ask` does not come out, but is kept in a promise. */
export const swallowing: Record<string, BuiltIn> = {
  'Promise executor': (ask) => {
    let got: unknown;
    void new Promise(() => (got = ask(1))).catch(() => undefined);
    return got;
  },
  'then getter of a resolved thenable': (ask) => {
    let got: unknown;
    const thenable = Object.defineProperty({}, 'then', {
      get: () => (got = ask('then')) as unknown,
    });
    new Promise((resolve) => resolve(thenable));
    return got;
  },
  'async function before its first await': (ask) => {
    let got: unknown;
    const run = async (): Promise<void> => {
      got = ask('async');
      await undefined;
    };
    run().catch(() => undefined);
    return got;
  },
};
