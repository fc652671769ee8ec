import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

import { messageOf } from './errors';
import type { NativeOffload } from './offload/native';
import type { RuntimeHooks, RuntimeOptions, NativeFibers, NativeStats } from './native';
import { canBuild } from './targets';

/** What the addon exports; see src-native/addon.cc. */
export interface Addon {
  create(options: RuntimeOptions, hooks: RuntimeHooks): NativeFibers | string;
  destroy(): void;
  confirmAsync(resource: object): boolean;
  /** A collection of the young generation only, or of all. */
  collectGarbage(onlyYoung: boolean): void;
  /** Two steps of learning when a stack was left for one of WebAssembly's: see src-native/v8_state/wasm_stacks.h. */
  lookAtWasmStack(): void;
  /** Whether suspendable exports may be used in this thread. */
  learnWasmStack(): boolean;
  stats(): NativeStats;
  configure(options: { stackSize: number; poolSize: number }): void;
  /** Gives idle memory back; false: there is nothing left to look after. */
  trimIdle(): boolean;
  /** See src-native/offload/functions.h. */
  openOffload(complete: (count: number) => void, completed: Int32Array): NativeOffload;
}

const ROOT = join(__dirname, '..');
const PREBUILDS = join(ROOT, 'prebuilds');

/** The addon, or why there is none. */
export function loadAddon(): Addon | string {
  if (hasFrozenFlags())
    return "V8's flags are frozen: start Node without --freeze-flags-after-init";
  const failures: string[] = [];
  for (const file of candidates()) {
    try {
      return require(file) as Addon;
    } catch (error) {
      if (isAddonsOff(error)) {
        return 'addons are turned off: start Node without --no-addons, and with --allow-addons beside --permission';
      }
      failures.push(`${relative(ROOT, file)}: ${firstLine(messageOf(error))}`);
    }
  }
  return explain(failures);
}

/** Binaries that may fit, the one first that was built here: it may be of another Node. */
function candidates(): Set<string> {
  // The test matrix builds one binary per Node version and names it here.
  const named = process.env['GREENFIBER_BINDING'];
  if (named !== undefined && named !== '') return new Set([named]);
  const { resolve } = require('node-gyp-build') as { resolve: (root: string) => string };
  const { platform, arch, versions } = process;
  const shipped = join(
    PREBUILDS,
    `${platform}-${arch}`,
    `greenfiber.abi${versions.modules}.glibc.node`,
  );
  const found = new Set<string>();
  try {
    found.add(resolve(ROOT));
  } catch {
    // None was found.
  }
  return existsSync(shipped) ? found.add(shipped) : found;
}

function explain(failures: readonly string[]): string {
  const shipped = existsSync(PREBUILDS)
    ? readdirSync(PREBUILDS).flatMap((target) =>
        readdirSync(join(PREBUILDS, target)).map((file) => `${target}/${file}`),
      )
    : [];
  const command = `npx node-gyp rebuild --directory ${quoted(relative('', join(ROOT, 'src-native')))}`;
  return [
    `no binary fits (shipped: ${shipped.join(', ') || 'none'})`,
    ...(canBuild() ? [`To build one: ${command}`] : []),
    ...failures.map((failure) => `Tried ${failure}`),
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
