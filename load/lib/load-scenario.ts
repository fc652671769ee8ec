import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { FiberError } from 'greenfiber';
import { messageOf } from 'greenfiber/lowlevel';

import type { RequestOptions } from './clients/request';
import { lazily } from './lazy';
import { checkScenario, requestScenario, type Scenario } from './scenario';

/** What is run: a URL, or a file. Plain data that a worker thread can be given. */
export type Source =
  | { readonly url: string; readonly request: RequestOptions & { method?: string } }
  | { readonly file: string };

/**
 * What the command line names.
 *
 * @throws {@link FiberError} `ERR_LOAD_SCENARIO` when it is neither a URL nor a file that exists
 */
export function sourceOf(what: string, request: RequestOptions & { method?: string }): Source {
  if (/^\w+:\/\//.test(what)) return { url: what, request };
  const file = resolve(what);
  if (existsSync(file)) return { file };
  throw new FiberError(
    'ERR_LOAD_SCENARIO',
    `${what} is neither a URL in full, such as http://127.0.0.1:3000/, nor a file`,
  );
}

/** How a source is called in reports. */
export function nameOf(source: Source): string {
  return 'url' in source ? source.url : basename(source.file);
}

/**
 * Loads a scenario.
 *
 * @throws {@link FiberError} `ERR_LOAD_SCENARIO`, whose cause is the error of the file
 */
export async function loadScenario(source: Source): Promise<Scenario> {
  if ('url' in source) return requestScenario(source.url, source.request);
  let exports: unknown;
  try {
    exports = await importFile(source.file);
  } catch (cause) {
    throw new FiberError(
      'ERR_LOAD_SCENARIO',
      `${source.file} could not be loaded: ${messageOf(cause)}`,
      {
        cause,
      },
    );
  }
  return checkScenario(unwrap(exports), source.file);
}

/**
 * TypeScript and what ends in `.js` goes through jiti, on every Node: Node 20 strips no types, and what a file is to
 * newer ones depends on the `type` of the nearest package.json. `.mjs` and `.cjs` are Node's own.
 */
async function importFile(file: string): Promise<unknown> {
  if (/\.[cm]js$/.test(file)) return import(pathToFileURL(file).href);
  // What the scenario imports of ours must be this instance.
  const options = { nativeModules: ['greenfiber'], fsCache: false, interopDefault: false };
  return lazily.jiti().createJiti(__filename, options).import(file);
}

/** A CommonJS module is the default export of what `import` returns. */
function unwrap(exports: unknown): unknown {
  const { default: inner } = (exports ?? {}) as { default?: unknown };
  const isModule = typeof inner === 'object' && inner !== null && 'default' in inner;
  return isModule ? inner : exports;
}
