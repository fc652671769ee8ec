// Nothing raw may live across what may allocate: a build of the addon in which each call of ours into V8 or JavaScript
// first collects the young generation and then everything, and moves what it can, runs the core of the suite and the
// fuzz drivers.
//
//   npm run test:hostile                                        on the running Node, both engines
//   npm run test:hostile -- --node 22 --engine direct --every 1 --seconds 60
//   npm run test:hostile -- --files='dist-test/hazards/async-*.test.js'
//
// `--every N`: only each N-th such call collects. For changes to src-native and for the nightly run: it takes half an
// hour.
import { parseArgs } from 'node:util';
import { compileTests, engines } from './lib/suite.mjs';
import { buildVariant, chosenNode, runVariant } from './lib/variants.mjs';

const { values } = parseArgs({
  options: {
    node: { type: 'string' },
    engine: { type: 'string', default: engines.join() },
    every: { type: 'string', default: '23' },
    seconds: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(1 + Math.floor(Math.random() * 1e6)) },
    files: { type: 'string', multiple: true },
  },
});

compileTests();
const node = chosenNode(values.node);
const binding = buildVariant(node, 'hostile', { compile: '-DGREENFIBER_SAFEPOINTS' });
const { every, seed, seconds } = values;
console.log(`Node ${node.version}, seed ${seed}, each ${every}th call collects`);
await runVariant({
  node,
  binding,
  engines: values.engine.split(','),
  env: { GREENFIBER_AT_SAFEPOINT: `collect:${every}` },
  seconds,
  seed,
  files: values.files,
});
