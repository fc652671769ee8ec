import { copyFileSync, cpSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

import { messageOf } from '../base/errors';
import { FOLDER_BESIDE, PACKAGE } from '../base/place';
import { runtime } from '../fiber/fiber';
import { loadedBinary } from '../native/binding';
import { SHIPPED_BINARY } from '../native/targets';

const USAGE = `Usage: greenfiber bundle [--all] <folder>

Puts what a bundler leaves behind into <folder>/${FOLDER_BESIDE}: the binary for this Node, the inspector's page, and what
the worker threads of greenfiber/offload run. <folder> is where the bundle, or the executable, lies.

  --all   the binaries for every Node that greenfiber serves
`;

/** Of the package, besides binaries. What is in dist runs in worker threads, as CommonJS: package.json says so. */
const FILES = [
  'package.json',
  'LICENSE',
  'lib/inspect/page',
  'dist/base',
  'dist/offload/javascript-worker.js',
  'dist/offload/thrown.js',
];

/** `greenfiber bundle <folder>`: see base/place.ts. */
export function bundle(args: readonly string[]): void {
  const folders = args.filter((argument) => argument !== '--all');
  const [folder] = folders;
  if (folder === undefined || folders.length > 1 || folder.startsWith('-')) {
    process.stderr.write(USAGE);
    process.exitCode = 2;
    return;
  }
  const target = join(folder, FOLDER_BESIDE);
  try {
    copyTo(target, args.includes('--all'));
    process.stdout.write(`${relative('', target)}: ${FILES.join(', ')}, ${SHIPPED_BINARY}\n`);
  } catch (error) {
    process.stderr.write(`greenfiber bundle: ${messageOf(error)}\n`);
    process.exitCode = 1;
  }
}

function copyTo(target: string, all: boolean): void {
  const binary = loadedBinary();
  if (PACKAGE === undefined || binary === undefined) throw new Error(runtime.reason);
  for (const file of FILES) cpSync(join(PACKAGE, file), join(target, file), { recursive: true });
  const prebuilds = join(PACKAGE, 'prebuilds');
  if (all && existsSync(prebuilds)) {
    cpSync(prebuilds, join(target, 'prebuilds'), { recursive: true });
  }
  mkdirSync(dirname(join(target, SHIPPED_BINARY)), { recursive: true });
  copyFileSync(binary, join(target, SHIPPED_BINARY));
}
