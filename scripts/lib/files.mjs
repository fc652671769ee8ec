// Which files changed, so that a second set-up costs nothing.
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { inRoot } from './paths.mjs';

const notSource = new Set(['build', 'node_modules']);

// Every file below the given files and folders.
export function filesIn(...places) {
  return places.flatMap((place) => {
    const full = path.resolve(inRoot(), place);
    const stat = statSync(full, { throwIfNoEntry: false });
    if (!stat) return [];
    if (!stat.isDirectory()) return [full];
    return readdirSync(full)
      .filter((name) => !notSource.has(name))
      .flatMap((name) => filesIn(path.join(full, name)));
  });
}

const modified = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

// True if `output` is missing or some file below `inputs` is newer.
export function isStale(output, inputs) {
  const made = modified(inRoot(output));
  return made === 0 || filesIn(...inputs).some((file) => modified(file) > made);
}
