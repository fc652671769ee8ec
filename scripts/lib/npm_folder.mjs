// Git-ignored folders with packages from npm that only one script needs, and greenfiber as a program has it.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { inRoot } from './paths.mjs';
import { run } from './run.mjs';

// Once: as long as the list stays what it is.
export function installInto(folder, packages) {
  const list = `${packages.join('\n')}\n`;
  const stamp = path.join(folder, 'installed.txt');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === list) return;
  console.log(`installing ${packages.join(', ')}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'package.json'), '{ "private": true }\n');
  run('npm', ['install', '--no-save', '--no-package-lock', '--ignore-scripts', ...packages], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  writeFileSync(stamp, list);
}

// Where a program has it, with the addon of this checkout; what it depends on is found in the checkout.
export function placePackage(folder) {
  const target = path.join(folder, 'node_modules', 'greenfiber');
  rmSync(target, { recursive: true, force: true });
  mkdirSync(path.join(target, 'build', 'Release'), { recursive: true });
  const parts = [
    'dist',
    'lib/inspect/page',
    'LICENSE',
    'package.json',
    'build/Release/greenfiber.node',
  ];
  for (const part of parts) cpSync(inRoot(part), path.join(target, part), { recursive: true });
  symlinkSync(inRoot('node_modules'), path.join(target, 'node_modules'));
}

// What test/NAME has, beside them.
export function placeTests(name, folder) {
  for (const part of readdirSync(inRoot('test', name))) {
    rmSync(path.join(folder, part), { recursive: true, force: true });
    cpSync(inRoot('test', name, part), path.join(folder, part), { recursive: true });
  }
}
