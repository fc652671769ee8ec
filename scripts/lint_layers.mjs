// The layers of src-native: a file includes what lies in its own folder and below. Those of lib are in .dependency-cruiser.mjs.
// And one concept a file: no C++ file is longer than max-lines in eslint.config.mjs lets others be.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { cppFiles } from './lib/cpp_sources.mjs';
import { inRoot } from './lib/paths.mjs';

// What each folder may include besides itself. A folder in a folder belongs to it.
const below = {
  context: [],
  stack: [],
  v8_state: ['context', 'stack'],
  node_state: ['context', 'stack', 'v8_state'],
  fiber: ['context', 'stack', 'v8_state', 'node_state'],
  offload: ['v8_state'],
};

const top = inRoot('src-native');
let wrong = 0;
for (const file of cppFiles().filter((name) => name.startsWith(top))) {
  const [folder, ...rest] = path.relative(top, file).split(path.sep);
  if (rest.length === 0) continue; // addon.cc lies above them all
  for (const [, included] of readFileSync(file, 'utf8').matchAll(/^#include "([^"/]+)\//gm)) {
    if (included === folder || below[folder].includes(included)) continue;
    console.log(`${path.relative(inRoot(), file)}: ${folder} lies below ${included}`);
    wrong += 1;
  }
}

const mostLines = 400;
for (const file of cppFiles()) {
  const lines = readFileSync(file, 'utf8').split('\n').length - 1;
  if (lines <= mostLines) continue;
  console.log(`${path.relative(inRoot(), file)}: ${lines} lines, of ${mostLines} at most`);
  wrong += 1;
}
process.exitCode = wrong ? 1 : 0;
