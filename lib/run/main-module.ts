import { readFileSync } from 'node:fs';
import * as NodeModule from 'node:module';
import { extname } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The parts of Node's loader of CommonJS that programs have always replaced. */
interface Loader {
  _load: (request: string, parent: unknown, isMain: boolean, ...more: unknown[]) => unknown;
  _findPath(request: string, paths: null, isMain: boolean): string | false;
  runMain: (main?: string) => void;
  readonly prototype: { load: (this: object, filename: string) => void };
  registerHooks?: (hooks: { load: LoadHook }) => { deregister(): void };
}

interface Loaded {
  format?: string | null;
  source?: unknown;
}
type LoadHook = (
  url: string,
  context: object,
  next: (url: string, context: object) => Loaded,
) => Loaded;

export const loader = NodeModule.Module as unknown as Loader;

/**
 * Loads the main module, all of it within this call: `require` does, and so it does for an ES module, if only it were not
 * told that it loads the main one, for which Node waits for the event loop. Returns false where nothing of the program
 * has run, since it has a top-level `await` somewhere, which only `import` can serve.
 *
 * @throws what the program throws
 */
export function loadMain(main: string): boolean {
  const started = watchForStart();
  const restoreLoad = asIfRequired();
  const stopNaming = nameMain(main);
  try {
    loader._load(main, null, true);
    return true;
  } catch (error) {
    if (!started.yet && (error as NodeJS.ErrnoException).code === 'ERR_REQUIRE_ASYNC_MODULE')
      return false;
    throw error;
  } finally {
    stopNaming();
    restoreLoad();
    started.stop();
  }
}

/** Whether a second module was loaded yet, for which code of the first one asks. */
function watchForStart(): { yet: boolean; stop: () => void } {
  const load = loader._load;
  let loads = 0;
  const watching: Loader['_load'] = (...args) => {
    if (++loads === 2) {
      started.yet = true;
      started.stop();
    }
    return load(...args);
  };
  const started = {
    yet: false,
    stop: () => {
      if (loader._load === watching) loader._load = load;
    },
  };
  loader._load = watching;
  return started;
}

function asIfRequired(): () => void {
  const { prototype } = loader;
  const { load } = prototype;
  const restore = (): void => {
    if (prototype.load === once) prototype.load = load;
  };
  const once = function (this: object, filename: string): void {
    restore();
    const isMain = Object.getOwnPropertySymbols(this).find(
      ({ description }) => description === 'kIsMainSymbol',
    );
    // The debugger stops in the first line of a main module; in CommonJS there is no other reason to know.
    if (isMain !== undefined && !(stopsAtStart() && !/\.m[jt]s$/.test(filename))) {
      Object.assign(this, { [isMain]: false });
    }
    load.call(this, filename);
  };
  prototype.load = once;
  return restore;
}

function stopsAtStart(): boolean {
  return process.execArgv.some((option) => option.startsWith('--inspect-brk'));
}

/** `import.meta.main` is true in the main module all the same, where Node knows it. */
function nameMain(main: string): () => void {
  const file = loader._findPath(main, null, true);
  if (loader.registerHooks === undefined || file === false || extname(file) === '.node')
    return none;
  if (!readFileSync(file, 'latin1').includes('import.meta.main')) return none;
  const { href } = pathToFileURL(file);
  const hooks = loader.registerHooks({
    load: (url, context, next) => {
      const loaded = next(url, context);
      if (url !== href || loaded.format?.startsWith('module') !== true) return loaded;
      const source = Buffer.from(loaded.source as string | Uint8Array).toString();
      // In the first line, so that every line keeps its number.
      return { ...loaded, source: `import.meta.main = true; ${source.replace(/^#!.*/, '')}` };
    },
  });
  return () => {
    hooks.deregister();
  };
}

function none(): void {
  // Nothing was changed.
}
