import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

import { messageOf } from './errors';
import type { NativeOffload } from './offload/native';
import type { RuntimeHooks, RuntimeOptions, NativeFibers, NativeStats } from './native';

/** What the addon exports; see src-native/addon.cc. */
export interface Addon {
  create(options: RuntimeOptions, hooks: RuntimeHooks): NativeFibers | string;
  destroy(): void;
  confirmAsync(resource: object): boolean;
  /** A collection of the young generation only, or of all. */
  collectGarbage(onlyYoung: boolean): void;
  stats(): NativeStats;
  configure(options: { stackSize: number; poolSize: number }): void;
  /** Gives idle memory back; false: there is nothing left to look after. */
  trimIdle(): boolean;
  /** See src-native/offload/functions.h. */
  openOffload(complete: (count: number) => void, completed: Int32Array): NativeOffload;
}

const ROOT = join(__dirname, '..');

/** The addon, or why there is none. */
export function loadAddon(): Addon | string {
  // The test matrix builds one binary per Node version and names it here.
  const named = process.env['GREENFIBER_BINDING'];
  try {
    if (named !== undefined && named !== '') return require(named) as Addon;
    const load = require('node-gyp-build') as (root: string) => unknown;
    return load(ROOT) as Addon;
  } catch (error) {
    return explain(messageOf(error));
  }
}

function explain(reason: string): string {
  const prebuilt = join(ROOT, 'prebuilds');
  const shipped = existsSync(prebuilt)
    ? readdirSync(prebuilt).flatMap((target) =>
        readdirSync(join(prebuilt, target)).map((file) => `${target}/${file}`),
      )
    : [];
  return (
    `no binary fits (found: ${process.platform}-${process.arch}, Node ${process.versions.node}, ` +
    `ABI ${process.versions.modules}; shipped: ${shipped.join(', ') || 'none'}; ` +
    'needed: Linux x86-64 with glibc and Node 20, 22, 24 or 26). ' +
    `To build one: npx node-gyp rebuild --directory ${relative('', join(ROOT, 'src-native'))}. ` +
    `Reason: ${reason.split('\n', 1)[0] ?? ''}`
  );
}
