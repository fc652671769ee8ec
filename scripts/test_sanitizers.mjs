// The whole addon under AddressSanitizer and UndefinedBehaviorSanitizer, inside Node, which is not instrumented: the core
// of the suite and the fuzz drivers. What a sanitizer finds ends the process that it finds it in.
//
//   npm run test:sanitizers
//   npm run test:sanitizers -- --node 22 --engine direct --seconds 60
//
// For changes to src-native and for the nightly run. Leaks are not looked for: V8 and Node leave much behind.
import { parseArgs } from 'node:util';
import { read } from './lib/run.mjs';
import { compileTests, engines } from './lib/suite.mjs';
import { buildVariant, chosenNode, runVariant } from './lib/variants.mjs';

const { values } = parseArgs({
  options: {
    node: { type: 'string' },
    engine: { type: 'string', default: engines.join() },
    seconds: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(1 + Math.floor(Math.random() * 1e6)) },
    files: { type: 'string', multiple: true },
  },
});

// No -fsanitize=vptr: it needs type information, which neither we nor V8 are built with.
const sanitizers = '-fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=all';

compileTests();
const node = chosenNode(values.node);
const binding = buildVariant(node, 'sanitizers', {
  compile: `${sanitizers} -O1`,
  link: '-fsanitize=address,undefined',
});
const library = (name) => read('gcc', [`-print-file-name=${name}`]).trim();
const { seed, seconds } = values;
console.log(`Node ${node.version}, seed ${seed}`);
await runVariant({
  node,
  binding,
  engines: values.engine.split(','),
  env: {
    LD_PRELOAD: [library('libasan.so'), library('libubsan.so')].join(':'),
    ASAN_OPTIONS:
      'detect_leaks=0:detect_stack_use_after_return=0:abort_on_error=1:quarantine_size_mb=16',
    UBSAN_OPTIONS: 'print_stacktrace=1',
  },
  seconds,
  seed,
  files: values.files,
});
