// Builds the addon for the Node that runs this script.
import { writeFileSync } from 'node:fs';
import { buildNative } from './lib/native.mjs';
import { runningNode } from './lib/node_versions.mjs';
import { inRoot } from './lib/paths.mjs';

const { version, nodedir } = runningNode();
const start = performance.now();
buildNative(nodedir);
writeFileSync(inRoot('build', 'node-version'), version); // setup.mjs compares
console.log(
  `native: built for Node ${version} in ${((performance.now() - start) / 1000).toFixed(1)} s`,
);
