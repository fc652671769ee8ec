// Removes what the scripts made, except node_modules and the Node binaries.
import { rmSync } from 'node:fs';
import { builtMajors, majors } from './lib/node_versions.mjs';
import { inRoot } from './lib/paths.mjs';

const made = ['build', 'dist', 'load/dist', 'dist-test', 'prebuilds'];
for (const major of [...majors, ...builtMajors])
  made.push(`.nodes/${major}/src-native`, `.nodes/${major}/build`, `.nodes/${major}/binding.gyp`);
for (const folder of made) rmSync(inRoot(folder), { recursive: true, force: true });
