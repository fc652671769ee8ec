// How much stack do V8 and Node use in C++ beneath the limit at which JavaScript is told that its stack is
// full? Performs one operation after the other just above the limit, in a fiber, and finds the lowest byte
// that was written (test/native/watermark). The answer is what kHeadroom in src-native/fiber/runtime_options.h needs.
//
//   node scripts/measure_stack.mjs                              on all four Node versions
//   node scripts/measure_stack.mjs --node 26 --only 'vm.Script'
//   node scripts/measure_stack.mjs --write                      puts the table into docs/stack-sizes.md
//   node scripts/measure_stack.mjs --arch arm64 --node 24       in an emulator, slowly
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { replaceGenerated } from '../bench/js/generated.mjs';
import { targets } from '../bench/js/targets.mjs';
import { prepare } from './lib/emulated.mjs';
import { crossCompiler, gypEnvironment } from './lib/native.mjs';
import { majors, runningNode } from './lib/node_versions.mjs';
import { inRoot, tool } from './lib/paths.mjs';
import { capture, run } from './lib/run.mjs';

const { values } = parseArgs({
  options: {
    node: { type: 'string', default: majors.join() },
    bindings: { type: 'string' }, // a folder of addons named MAJOR.node
    only: { type: 'string', default: '' }, // operations whose names have one of these in them: "vm,spawn"
    arch: { type: 'string', default: process.arch },
    write: { type: 'boolean', default: false },
  },
});

const HEADROOM = 48 * 1024;
const folder = inRoot('test', 'native', 'watermark');
const operations = Object.keys(createRequire(import.meta.url)(`${folder}/operations.cjs`)).filter(
  (name) => values.only.split(',').some((part) => name.includes(part)),
);

function buildWatermark() {
  const how = ['--silent', '--arch', values.arch, '--directory', folder];
  run(tool('node-gyp'), ['configure', 'build', ...how], {
    env: { ...gypEnvironment(runningNode().nodedir), ...crossCompiler(values.arch) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return `${folder}/build/Release/watermark.node`;
}

const measured =
  values.arch === process.arch
    ? targets(values.node, values.bindings)
    : values.node.split(',').map((major) => prepare(major, { testAddons: false }));

async function probeOnce({ execPath, binding, env = process.env }, watermark, operation, skip) {
  const flags = ['--expose-gc', '--allow-natives-syntax', '--no-warnings'];
  const { ok, output } = await capture(
    execPath,
    [...flags, `${folder}/probe.cjs`, watermark, operation, String(skip)],
    { env: { ...env, GREENFIBER_BINDING: binding ?? env.GREENFIBER_BINDING }, quiet: true },
  );
  const result = /\{"used":.*\}/.exec(output);
  if (!ok || !result) return { failure: output.trim().split('\n').at(-1) || 'failed' };
  const { used, completed } = JSON.parse(result[0]);
  return completed > 0 ? { used } : { failure: 'never completed' };
}

// Bytes beneath the limit, or what went wrong. V8 and Node end the process themselves when some operations
// hit the limit, on the main stack too; those are measured a little farther away from it.
async function probe(target, watermark, operation) {
  let result;
  for (const skip of [0, 16, 32, 64, 128]) {
    result = await probeOnce(target, watermark, operation, skip);
    if (result.used !== undefined) return { ...result, fatal: skip > 0 };
  }
  return result;
}

const shown = ({ used, fatal, failure }) =>
  failure ?? `${used.toLocaleString('en')}${fatal ? ' †' : ''}`;

const watermark = buildWatermark();
const columns = [];
for (const target of measured) {
  const used = {};
  for (const operation of operations) {
    used[operation] = await probe(target, watermark, operation);
    console.log(`Node ${target.version}: ${operation}: ${shown(used[operation])}`);
  }
  columns.push({ node: target.version, used });
}

const worst = (operation) => Math.max(...columns.map(({ used }) => used[operation].used ?? 0));
const rows = operations
  .sort((a, b) => worst(b) - worst(a))
  .map((operation) => [operation, ...columns.map(({ used }) => shown(used[operation]))]);
const head = ['operation', ...columns.map(({ node }) => `Node ${node}`)];
const lines = [head, head.map((_, i) => (i === 0 ? '---' : '--:')), ...rows];
const markdown = lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
console.log(`\n${markdown}`);
if (values.write) await replaceGenerated('docs/stack-sizes.md', { 'stack use': markdown });

const failures = columns
  .flatMap(({ used }) => Object.values(used))
  .filter(({ failure }) => failure !== undefined);
const deepest = Math.max(...operations.map(worst));
console.log(
  `\nThe deepest used ${deepest.toLocaleString('en')} of ${HEADROOM.toLocaleString('en')} bytes; ` +
    `${failures.length} operations failed.`,
);
process.exitCode = deepest < HEADROOM && failures.length === 0 ? 0 : 1;
