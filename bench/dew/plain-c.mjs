// Dew in plain C, on one core: dew.c in a process of its own.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { inRoot } from '../../scripts/lib/paths.mjs';

let program;

function built() {
  if (program) return program;
  program = inRoot('build', 'bench', 'dew');
  mkdirSync(inRoot('build', 'bench'), { recursive: true });
  const source = fileURLToPath(new URL('dew.c', import.meta.url));
  execFileSync('cc', ['-O2', '-Wall', '-Wextra', '-Werror', source, '-o', program]);
  return program;
}

export function plainC(kernel, { threads, calls, n }, { frames }) {
  const args = [kernel, ...[threads, calls, n, frames].map(String)];
  const output = execFileSync(built(), args, { encoding: 'utf8' });
  return { times: output.trim().split('\n').map(Number) };
}
