import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';

import type { ExternalFn, Offload } from 'greenfiber/offload';

const ROOT = join(__dirname, '../..');
const BUILT = join(ROOT, 'build/test-offload', process.arch);
const HEADER = join(ROOT, 'include/greenfiber.h');

/** A library of external functions, built from C or C++. */
export function libraryOf(source: string): string {
  const file = join(ROOT, source);
  const library = join(BUILT, `${basename(source, extname(source))}.so`);
  const made = existsSync(library) ? statSync(library).mtimeMs : 0;
  if (made < Math.max(statSync(file).mtimeMs, statSync(HEADER).mtimeMs)) {
    mkdirSync(BUILT, { recursive: true });
    const { CC = 'cc', CXX = 'c++' } = process.env;
    // As make takes them: a command, maybe with arguments.
    const [compiler = '', ...first] = (extname(source) === '.c' ? CC : CXX).split(' ');
    const inProgress = `${library}.${String(process.pid)}`;
    const flags = ['-shared', '-fPIC', '-O2', '-Wall', '-Wextra', '-Werror', '-pedantic'];
    execFileSync(compiler, [
      ...first,
      ...flags,
      `-I${join(ROOT, 'include')}`,
      '-o',
      inProgress,
      file,
    ]);
    renameSync(inProgress, library); // several test files may build it at the same time
  }
  return library;
}

export const testLibrary = (): string => libraryOf('test/fixtures/offload/library.c');

/** The functions of the Dew benchmark, on a chunk of `n` integers of 32 bits: see bench/dew/kernels.c. */
export type Kernel = ExternalFn<[chunk: ArrayBufferLike | ArrayBufferView, n: number], undefined>;

export const kernelLibrary = (): string => libraryOf('bench/dew/kernels.c');

/** In a pool: `none` returns, `arith` multiplies `n` times, `memory` doubles the integers. */
export function kernelsOf(pool: Offload): Record<'none' | 'arith' | 'memory', Kernel> {
  const library = pool.load(kernelLibrary());
  const fn = (name: string): Kernel => library.fn(name);
  return { none: fn('none'), arith: fn('arith'), memory: fn('memory') };
}
