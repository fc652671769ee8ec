// Runs in the worker threads of javascript-pool.ts.
import { constants, runInThisContext } from 'node:vm';

import type { Job } from './javascript-pool';

type Fn = (...args: unknown[]) => unknown;

const known = new Map<string, Fn>();

export = ({ source, args }: Job): unknown => {
  let fn = known.get(source);
  if (fn === undefined) {
    fn = runInThisContext(`(${source})`, {
      filename: 'offload.js',
      importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    }) as Fn;
    known.set(source, fn);
  }
  return fn(...args);
};
