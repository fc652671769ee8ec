// greenfiber on linux-arm64, under qemu-user on another machine: the native unit tests, the addon under both engines, and
// the folders of the suite that switch stacks. An emulator is neither fast nor quite Linux; what it cannot tell is skipped
// with the reason. On an arm64 machine `npm test` tests all of it.
//
//   npm run test:arm64                                  Node 24
//   npm run test:arm64 -- --brief                       in minutes: a choice of all but the suite
//   npm run test:arm64 -- --node 20,22,24,26            several lines
//   npm run test:arm64 -- --part native                 parts: native, musl, stress, suite; without: all
//   npm run test:arm64 -- --engine direct --seconds 60  stress for a minute
//   npm run test:arm64 -- 'dist-test/sync/*.test.js'    these files of the suite
import { parseArgs } from 'node:util';
import { installPackages } from './lib/debian.mjs';
import { emulator, packages, prepare } from './lib/emulated.mjs';
import { inRoot } from './lib/paths.mjs';
import { capture, fail } from './lib/run.mjs';
import { compileTests, engines } from './lib/suite.mjs';
import { table } from './lib/table.mjs';
import { add, none, ofAva, ofOutput, print, printFailures, reportOfAva } from './lib/totals.mjs';

// What passes through the switch and the collector, and mostly stays in one process: to start a Node takes seconds here.
const files = Object.entries({
  fiber: 'built-ins,iterator,nesting,overflow,resume,rules,stack,states,throw,transfer',
  effects: 'generate,handle,tail,tasks,yield',
  sync: 'channel,condition,mutex,select',
  hazards: 'cpp-state,errors,garbage-collection,stack-limits',
  offload: 'calls',
}).map(
  ([folder, names]) => `dist-test/${folder}/${names.includes(',') ? `{${names}}` : names}.test.js`,
);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    node: { type: 'string', default: '24' },
    brief: { type: 'boolean', default: false },
    'may-skip': { type: 'boolean', default: false }, // where the emulator cannot be installed
    part: { type: 'string' },
    engine: { type: 'string', default: engines.join() },
    seconds: { type: 'string' },
    seed: { type: 'string', default: String(1 + Math.floor(Math.random() * 1e6)) },
  },
});
const { brief, seed } = values;
const seconds = values.seconds ?? (brief ? '3' : '10');
const parts = (values.part ?? (brief ? 'native,musl,stress' : 'native,musl,stress,suite')).split(
  ',',
);

const rows = [['Node', 'engine', 'what', 'passed', 'failed']];
const failures = [];
let totals = none;
function settle(node, engine, what, result, report) {
  totals = add(totals, result);
  rows.push([node, engine, what, String(result.passed), String(result.failed)]);
  if (result.failed) failures.push({ title: `${what}, ${node}, ${engine}`, report });
}

// Context and stacks, which know nothing of V8; stacks with each size of page that there is.
async function testNative() {
  const programs = [
    ['context.mk', 4096, brief ? ['test'] : ['test', 'test-sanitize']],
    ...(brief ? [] : [['offload.mk', 4096, ['test']]]),
    ['stack.mk', 4096, [brief ? 'test-plain' : 'test']],
    ['stack.mk', 16384, ['test-plain']],
    ['stack.mk', 65536, ['test-plain']],
  ];
  // How the addon is built, and with landing pads and signed return addresses.
  const variants = brief ? ['PLAIN=O3 bti'] : [];
  for (const [makefile, pageSize, targets] of programs) {
    const compiler = 'aarch64-linux-gnu-g++';
    const how = ['-k', '-C', 'test/native', '-f', makefile, '--no-print-directory'];
    const { ok, output } = await capture(
      'make',
      [
        ...how,
        '--output-sync',
        ...variants,
        `COMPILERS=${compiler}`,
        `CXX=${compiler}`,
        `RUN=${[...emulator, '-p', pageSize].join(' ')}`,
        `BUILD=${inRoot('build', 'native', 'arm64', makefile)}`,
        ...targets,
      ],
      { env: { MAKEFLAGS: '-j2', ...process.env } },
    );
    settle('-', '-', `${makefile}, pages of ${pageSize}`, ofOutput(ok, output), output);
  }
}

// Beside the emulator, what else can be said of a machine that there is not here.
async function compileForMusl() {
  const { ok, output } = await capture(process.execPath, [inRoot('scripts', 'lint_musl.mjs')]);
  settle('-', '-', 'compiled for musl', ofOutput(ok, output), output);
}

// One program as one test: it ends well.
async function testProgram(node, engine, what, args, milliseconds) {
  const { ok, output } = await capture(node.execPath, ['--expose-gc', '--no-warnings', ...args], {
    env: { ...node.env, GREENFIBER_ENGINE: engine, GREENFIBER_VERIFY_GENERATIONS: '1' },
    quiet: true,
    timeout: milliseconds,
    killSignal: 'SIGKILL',
  });
  console.log(`${ok ? 'passed' : 'FAILED'}: ${what}, Node ${node.version}, ${engine}`);
  settle(node.version, engine, what, { passed: ok ? 1 : 0, failed: ok ? 0 : 1 }, output);
}

async function testStress(node, engine) {
  const loads =
    "const { engine, isSupported } = require('./dist'), asked = process.env.GREENFIBER_ENGINE;" +
    'if (!isSupported || engine !== asked) throw new Error(`${engine} instead of ${asked}`)';
  await testProgram(node, engine, 'self-test', ['-e', loads], 60_000);
  const patience = Number(seconds) * 1000 + 600_000;
  for (const [what, args] of Object.entries({
    interleave: ['stress/interleave.cjs', seconds, '50', seed],
    fuzz: ['fuzz/driver.js', seed, seconds],
    generations: ['fuzz/generations.js', seed, seconds],
  })) {
    await testProgram(
      node,
      engine,
      what,
      [inRoot('dist-test', args[0]), ...args.slice(1)],
      patience,
    );
  }
}

// ava itself runs here, each test file in the emulator.
async function testSuite(node, engine) {
  const ava = inRoot('node_modules', 'ava', 'entrypoints', 'cli.mjs');
  const chosen = positionals.length ? positionals : files;
  const { ok, output } = await capture(
    process.execPath,
    [ava, '--no-color', '--timeout=20m', ...chosen],
    {
      env: { ...node.env, GREENFIBER_ENGINE: engine, GREENFIBER_SUITE: 'version' },
    },
  );
  settle(node.version, engine, 'suite', ofAva(ok, output), reportOfAva(output));
}

if (process.arch === 'arm64') fail('this is an arm64 machine: npm test');
const missing = installPackages(packages);
if (missing !== undefined) {
  if (!values['may-skip']) fail(missing);
  console.log(`skipped: arm64 in an emulator (${missing})`);
  print(none);
  process.exit();
}
compileTests();
console.log(`seed ${seed}, ${seconds} s of each stress`);
if (parts.includes('native')) await testNative();
if (parts.includes('musl')) await compileForMusl();
for (const major of values.node.split(',')) {
  if (!parts.includes('stress') && !parts.includes('suite')) break;
  const node = prepare(major, { testAddons: parts.includes('suite') });
  for (const engine of values.engine.split(',')) {
    if (parts.includes('stress')) await testStress(node, engine);
    if (parts.includes('suite')) await testSuite(node, engine);
  }
}
printFailures(failures);
console.log(`\n${table(rows)}\n`);
print(totals);
process.exitCode = totals.failed ? 1 : 0;
