import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative, resolve } from 'node:path';

import { messageOf } from '../base/errors';
import { filesFolder, HOW_TO_BUNDLE, PACKAGE } from '../base/place';
import type { RuntimeHooks, RuntimeOptions, NativeFibers, NativeStats, Step } from './native';
import { loadEmbedded } from './embedded';
import { canBuild, HOW_ELSEWHERE, otherRuntime, SHIPPED_BINARY } from './targets';

/** What the addon exports; see src-native/addon.cc. */
export interface Addon {
  create(options: RuntimeOptions, hooks: RuntimeHooks): NativeFibers | string;
  /** What was looked for on the way to an engine, until `destroy`; `missed` is empty where it was found. */
  steps(): [part: Step['part'], name: string, missed: string][];
  destroy(): void;
  confirmAsync(resource: object): boolean;
  /** A collection of the young generation only, or of all. */
  collectGarbage(onlyYoung: boolean): void;
  /** Two steps of learning when a stack was left for one of WebAssembly's: see src-native/v8_state/engines/wasm_stacks.h. */
  lookAtWasmStack(): void;
  /** Whether suspendable exports may be used in this thread. */
  learnWasmStack(): boolean;
  stats(): NativeStats;
  configure(options: { stackSize: number; poolSize: number }): void;
  /** Gives idle memory back; false: there is nothing left to look after. */
  trimIdle(): boolean;
  /** The functions of offload, which knows what they are. */
  openOffload(complete: (count: number) => void, completed: Int32Array): object;
}

/** What there is of the package: see base/place.ts. */
const ROOT = filesFolder();

/** The addon, or why there is none. */
export function loadAddon(): Addon | string {
  const other = otherRuntime();
  if (other !== undefined) return `this is ${other}, and fibers depend on V8 as Node builds it`;
  if (hasFrozenFlags())
    return "V8's flags are frozen: start Node without --freeze-flags-after-init";
  const failures: string[] = [];
  try {
    const embedded = loadEmbedded();
    if (embedded !== undefined) return embedded as Addon;
  } catch (error) {
    failures.push(`the asset of this executable: ${firstLine(messageOf(error))}`);
  }
  for (const file of candidates()) {
    try {
      return load(file);
    } catch (error) {
      if (isAddonsOff(error)) {
        return 'addons are turned off: start Node without --no-addons, and with --allow-addons beside --permission';
      }
      failures.push(`${relative(ROOT ?? '', file)}: ${firstLine(messageOf(error))}`);
    }
  }
  return explain(failures);
}

/** Not by `require`: a bundler would look for what is only known when the program runs. */
function load(file: string): Addon {
  const addon = createRequire(file)(file) as Addon;
  loaded = file;
  return addon;
}

let loaded: string | undefined;

/** The file of the addon that was loaded, if it has one. */
export function loadedBinary(): string | undefined {
  return loaded;
}

/** Binaries that may fit, the one first that was built here: it may be of another Node. */
function candidates(): Set<string> {
  // The test matrix builds one binary per Node version and names it here.
  const named = process.env['GREENFIBER_BINDING'];
  if (named !== undefined && named !== '') return new Set([resolve(named)]);
  const found = new Set<string>();
  if (ROOT === undefined) return found;
  if (PACKAGE !== undefined) {
    const gypBuild = require('node-gyp-build') as { resolve: (root: string) => string };
    try {
      found.add(gypBuild.resolve(PACKAGE));
    } catch {
      // None was found.
    }
  }
  const shipped = join(ROOT, SHIPPED_BINARY);
  return existsSync(shipped) ? found.add(shipped) : found;
}

function explain(failures: readonly string[]): string {
  const tried = failures.map((failure) => `Tried ${failure}`);
  if (ROOT === undefined) {
    return [
      'greenfiber is part of a bundle, and its binary is not beside it',
      `To have it there, ${HOW_TO_BUNDLE}`,
      ...tried,
    ].join('. ');
  }
  const prebuilds = join(ROOT, 'prebuilds');
  const shipped = existsSync(prebuilds)
    ? readdirSync(prebuilds).flatMap((target) =>
        readdirSync(join(prebuilds, target)).map((file) => `${target}/${file}`),
      )
    : [];
  const command = `npx node-gyp rebuild --directory ${quoted(relative('', ROOT) || '.')}`;
  return [
    `no binary fits (shipped: ${shipped.join(', ') || 'none'})`,
    ...(process.platform === 'linux' ? [] : [HOW_ELSEWHERE]),
    ...(canBuild() && PACKAGE !== undefined ? [`To build one: \`${command}\``] : []),
    ...tried,
  ].join('. ');
}

/** Node reports either flag by one code. */
function isAddonsOff(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ERR_DLOPEN_DISABLED';
}

/** V8 ends the process when a flag is set after that. */
function hasFrozenFlags(): boolean {
  return process.execArgv.some((flag) => /^--freeze[-_]flags[-_]after[-_]init$/.test(flag));
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

function quoted(path: string): string {
  return /^[\w./@+-]+$/.test(path) ? path : `'${path}'`;
}
