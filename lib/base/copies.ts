/**
 * One copy of greenfiber serves a thread: V8's archive of threads, the scheduler and the classes exist once. A program may
 * load more: two packages bring their own, a test runner empties `require.cache` or gives each test file modules and a
 * global object of its own. Later copies of the same version answer the first one's modules; another version is refused.
 */
import { createRequire } from 'node:module';
import { join, relative, sep } from 'node:path';
import { inspect } from 'node:util';

import { PACKAGE } from './place';
import { adoptRealm } from './realm';

interface Copy {
  readonly version: string;
  /** Undefined: it is part of a bundle, and serves nobody else. */
  readonly folder: string | undefined;
  /** The exports of an entry point, named by its path below the copy's folder. */
  load(entry: string): unknown;
  adoptRealm(global: typeof globalThis): void;
}

const REGISTRY = Symbol.for('greenfiber.copy');
const registry = process as { [REGISTRY]?: Copy };

/** Of this copy: dist. */
const FOLDER = PACKAGE && join(PACKAGE, 'dist');

const { version } = require('../../package.json') as { version: string };

/** This copy's entry points that were loaded. */
const entries = new Map<string, NodeJS.Module>();

const own: Copy = {
  version,
  folder: FOLDER,
  load: (entry) => {
    restoreModules();
    const file = join(FOLDER ?? '', entry);
    // Where it is not ours, it is the one that asks.
    if (!entries.has(file)) Reflect.deleteProperty(require.cache, file);
    return createRequire(file)(file) as unknown;
  },
  adoptRealm,
};

/**
 * Whether an entry point, which calls this first, has been given the exports of the copy that serves this thread, and
 * is to end there.
 */
export function isServedByAnotherCopy(entry: NodeJS.Module): boolean {
  const file = entry.filename as string | undefined;
  if (FOLDER === undefined || !file?.startsWith(FOLDER + sep)) return false; // bundled
  const outside = mainRealm();
  if (outside !== undefined) {
    entry.exports = loadIn(outside, file);
    return true;
  }
  const first = registry[REGISTRY];
  if (first?.version !== version || first === own || first.folder === undefined) {
    entries.set(file, entry);
    return false;
  }
  entry.exports = first.load(relative(FOLDER, file));
  return true;
}

/**
 * The global object that Node started with, for code in a `vm` context of a test runner: its `process` and `require` are
 * the runner's. Undefined where this is that realm, or it cannot be reached.
 */
function mainRealm(): typeof globalThis | undefined {
  // Node's own functions are of that realm.
  if ((inspect as unknown) instanceof Function) return undefined;
  try {
    const compile = inspect.constructor as (body: string) => () => typeof globalThis;
    return compile('return globalThis')();
  } catch {
    return undefined; // --disallow-code-generation-from-strings
  }
}

/**
 * A context comes to its end, and its `require` with it, before what greenfiber does in the thread does. So greenfiber
 * lives where Node's built-in modules do.
 */
function loadIn(outside: typeof globalThis, file: string): unknown {
  const requireThere = outside.process.getBuiltinModule('node:module').createRequire(file);
  const exports = requireThere(file) as unknown;
  const { firstCopy } = requireThere(__filename) as { firstCopy: () => Copy | undefined };
  firstCopy()?.adoptRealm(globalThis);
  return exports;
}

/** The copy that serves this thread; undefined as long as none does. @internal */
export function firstCopy(): Copy | undefined {
  return registry[REGISTRY];
}

/** From now on this copy serves the thread. */
export function serveThread(): void {
  Object.defineProperty(process, REGISTRY, { value: own, configurable: true });
}

/** Why this copy cannot run fibers; undefined: no other one does. */
export function whyRefused(): string | undefined {
  const first = registry[REGISTRY];
  if (first === undefined) return undefined;
  const isBundled = FOLDER === undefined || first.folder === undefined;
  return (
    `greenfiber ${version} in ${FOLDER ?? 'a bundle'} cannot run fibers in this thread, because greenfiber ` +
    `${first.version} in ${first.folder ?? 'a bundle'} was loaded first and does. ` +
    (isBundled
      ? 'Leave greenfiber out of the bundle (docs/bundlers.md)'
      : 'Make both use one version (npm ls greenfiber shows who depends on which)') +
    ', or load one of them in a worker'
  );
}

/** Loads a module of this copy that is needed late, beside those that were loaded before. */
export function loadLate<T>(load: () => T): T {
  restoreModules();
  return load();
}

/** Exports what `load` returns by these names, when one of them is first read: see scripts/build_ts.mjs. */
export function exportLazily(
  exports: object,
  names: readonly string[],
  load: () => Record<string, unknown>,
): void {
  for (const name of names) {
    const get = (): unknown => {
      const value = loadLate(load)[name];
      Object.defineProperty(exports, name, { value, enumerable: true });
      return value;
    };
    Object.defineProperty(exports, name, { get, enumerable: true, configurable: true });
  }
}

/** Puts this copy's modules back into Node's cache, which the program may have emptied since they were loaded. */
function restoreModules(): void {
  const seen = new Set<NodeJS.Module>();
  const restore = (module: NodeJS.Module): void => {
    if (seen.has(module) || !module.filename.startsWith(String(FOLDER) + sep)) return;
    seen.add(module);
    require.cache[module.filename] = module;
    module.children.forEach(restore);
  };
  for (const entry of entries.values()) restore(entry);
}
