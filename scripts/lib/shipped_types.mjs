// The declarations that a package's entry points lead to: a project that uses it sees no others.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

// Takes away the rest of what the compiler wrote, as is worth it where they travel.
export function dropOtherTypes(packageFolder) {
  const { exports } = JSON.parse(readFileSync(path.join(packageFolder, 'package.json'), 'utf8'));
  const entries = Object.values(exports)
    .flatMap((entry) => [entry.import?.types, entry.require?.types])
    .filter((types) => types !== undefined)
    .map((types) => path.join(packageFolder, types));
  const program = ts.createProgram(entries, {
    module: ts.ModuleKind.Node20,
    moduleResolution: ts.ModuleResolutionKind.Node16,
    types: ['node'],
    noEmit: true,
  });
  const seen = new Set(program.getSourceFiles().map(({ fileName }) => path.resolve(fileName)));
  const dist = path.join(packageFolder, 'dist');
  for (const file of readdirSync(dist, { recursive: true })) {
    const whole = path.join(dist, file);
    if (/\.d\.m?ts$/.test(file) && !seen.has(whole)) rmSync(whole);
  }
}
