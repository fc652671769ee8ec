#!/usr/bin/env node
// What prebuildify runs in place of node-gyp: the same build, but it compiles only what changed
// since the last one (prebuildify asks for `rebuild`) and does not show the compile commands.
import { copyFileSync, renameSync } from 'node:fs';
import { tool } from './paths.mjs';
import { run } from './run.mjs';

const args = process.argv
  .slice(2)
  .flatMap((arg) => (arg === 'rebuild' ? ['configure', 'build'] : arg));
run(tool('node-gyp'), [...args, '--silent'], {
  cwd: process.cwd(),
  stdio: ['ignore', 'ignore', 'inherit'],
});

// gyp copies with hard links. prebuildify strips this file, and must not strip the others with it.
const built = 'build/Release/greenfiber.node';
copyFileSync(built, `${built}.copy`);
renameSync(`${built}.copy`, built);
