// The kernels as greenfiber calls them: kernels.c, built through include/greenfiber.h.
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync } from 'node:fs';
import { inRoot } from '../../scripts/lib/paths.mjs';

// Built anew by each process that asks: it takes a fraction of a second, and no compiler's output is out of date.
function build() {
  const library = inRoot('build', 'bench', 'dew.so');
  const building = `${library}.${process.pid}`;
  mkdirSync(inRoot('build', 'bench'), { recursive: true });
  const flags = ['-shared', '-fPIC', '-O2', `-I${inRoot('include')}`];
  execFileSync('cc', [...flags, '-o', building, inRoot('bench', 'dew', 'kernels.c')]);
  renameSync(building, library);
  return library;
}

let path;

// { none, arith, memory } of a pool.
export function kernelsOf(pool) {
  const library = pool.load((path ??= build()));
  return Object.fromEntries(library.names.map((name) => [name, library.fn(name)]));
}
