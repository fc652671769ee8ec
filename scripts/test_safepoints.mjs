// What happens when a termination comes just where greenfiber calls V8: a build of the addon that can make it so, and
// the tests of test/safepoints with it.
import { mkdirSync } from 'node:fs';
import { buildNative, mirrorSources } from './lib/native.mjs';
import { runningNode } from './lib/node_versions.mjs';
import { inRoot, tool } from './lib/paths.mjs';
import { run } from './lib/run.mjs';
import { compileTests } from './lib/suite.mjs';

const folder = inRoot('.nodes', 'safepoints');
mkdirSync(folder, { recursive: true });
process.env.CXXFLAGS = '-DGREENFIBER_SAFEPOINTS';
const binding = buildNative(runningNode().nodedir, mirrorSources(folder));
compileTests();
run(tool('ava'), ['dist-test/safepoints/*.test.js'], {
  env: {
    ...process.env,
    GREENFIBER_BINDING: binding,
    GREENFIBER_SAFEPOINTS: '1',
    GREENFIBER_SUITE: 'version',
  },
});
