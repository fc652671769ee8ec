import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';

const ROOT = join(__dirname, '../..');
const BUILT = join(ROOT, 'build/test-offload');
const HEADER = join(ROOT, 'include/greenfiber.h');

/** A library of external functions, built from C or C++. */
export function libraryOf(source: string): string {
  const file = join(ROOT, source);
  const library = join(BUILT, `${basename(source, extname(source))}.so`);
  const made = existsSync(library) ? statSync(library).mtimeMs : 0;
  if (made < Math.max(statSync(file).mtimeMs, statSync(HEADER).mtimeMs)) {
    mkdirSync(BUILT, { recursive: true });
    const compiler = extname(source) === '.c' ? 'cc' : 'c++';
    const inProgress = `${library}.${String(process.pid)}`;
    const flags = ['-shared', '-fPIC', '-O2', '-Wall', '-Wextra', '-Werror', '-pedantic'];
    execFileSync(compiler, [...flags, `-I${join(ROOT, 'include')}`, '-o', inProgress, file]);
    renameSync(inProgress, library); // several test files may build it at the same time
  }
  return library;
}

export const testLibrary = (): string => libraryOf('test/fixtures/offload/library.c');
