// Other people's programs as the oracle: each passes if, in fibers, it does what it does without.
//
//   npm run test:world                                     on Node 20, 22, 24 and 26, direct engine
//   npm run test:world -- --node 24 --engine direct,locker --suite node --match http --all
//   npm run test:world -- --flag=--stress-compaction       one round with this flag instead of four rounds
//
// Suites: `node` (Node's own test/parallel, --files of them by --seed, or --all), `packages` (the tests that npm
// packages bring along) and `programs` (test/world/programs, which use packages inside a task). What they need is
// fetched by package name into .world. Slow: for the nightly run.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { buildNative, mirrorSources } from './lib/native.mjs';
import { majors, nodeOfMajor } from './lib/node_versions.mjs';
import { read } from './lib/run.mjs';
import { compileTests } from './lib/suite.mjs';
import { table } from './lib/table.mjs';
import { print, printFailures } from './lib/totals.mjs';
import { compare } from './lib/world/case.mjs';
import { expectedDifferences } from './lib/world/expected.mjs';
import { nodeSuite } from './lib/world/node_suite.mjs';
import { packageSuite, programSuite } from './lib/world/packages.mjs';

// Once as it is, then under flags that collect and move as often as possible, where the version has them.
const everyRound = ['', '--stress-compaction', '--gc-interval=500', '--stress-scavenge=50'];
const STRESSED = 0.2; // of the files: they take many times as long

const suites = { node: nodeSuite, packages: packageSuite, programs: programSuite };

const { values } = parseArgs({
  options: {
    node: { type: 'string', default: majors.join() },
    engine: { type: 'string', default: 'direct' },
    suite: { type: 'string', default: Object.keys(suites).join() },
    files: { type: 'string', default: '600' },
    all: { type: 'boolean', default: false },
    match: { type: 'string', default: '' },
    flag: { type: 'string', multiple: true, default: everyRound },
    seed: { type: 'string', default: String(1 + Math.floor(Math.random() * 1e6)) },
    seconds: { type: 'string', default: '60' },
    jobs: { type: 'string', default: String(Math.max(1, Math.floor(availableParallelism() / 2))) },
  },
});
const seed = Number(values.seed);
const files = values.all ? Infinity : Number(values.files);

const tail = (text) => text.trimEnd().split('\n').slice(-40).join('\n');

function reportOf({ run, plain }) {
  const printed =
    run.stdout === plain.stdout ? '' : `\n-- without fibers it printed\n${tail(plain.stdout)}`;
  return `ended: ${run.ended}; without fibers: ${plain.ended}\n${tail(run.stdout)}\n${tail(run.stderr)}${printed}`;
}

// Runs `work` on every item, a few at a time; it is given the number of its place.
async function inParallel(items, work) {
  const rest = items[Symbol.iterator]();
  const place = async (_, slot) => {
    for (const item of rest) await work(item, slot);
  };
  await Promise.all(Array.from({ length: Number(values.jobs) }, place));
}

async function runCases(cases, how, { isExpected, title }) {
  const counts = { passed: 0, failed: 0, expected: 0, failing: 0 };
  await inParallel(cases, async (one, slot) => {
    const result = await compare(one, how, slot);
    const why = result.run.crashed ? undefined : isExpected(one.name);
    if (result.verdict !== 'differs') {
      counts[result.verdict]++;
    } else if (why !== undefined) {
      counts.expected++;
      console.log(`expected: ${one.name}: ${why}`);
    } else {
      counts.failed++;
      const report = reportOf(result);
      console.log(`FAILED: ${title}, ${one.name}\n${report}`);
      failures.push({ title: `${title}, ${one.name}`, report });
    }
  });
  return counts;
}

// The flags that were asked for, else those that this Node knows.
function roundsOf(node) {
  if (values.flag !== everyRound) return values.flag;
  const known = read(node.execPath, ['--v8-options']);
  return values.flag.filter((flag) => known.includes(`${flag.split('=')[0]} `));
}

async function round(node, binding, { flag, engine, suite, share }) {
  const start = performance.now();
  const options = { files: Math.ceil(files * share), seed, match: values.match };
  const cases = await suites[suite](node.major, options);
  const how = {
    execPath: node.execPath,
    flags: flag === '' ? [] : [flag],
    seed,
    seconds: Number(values.seconds) * (flag === '' ? 1 : 5),
    env: { GREENFIBER_ENGINE: engine, GREENFIBER_BINDING: binding },
  };
  const title = [`Node ${node.version}`, engine, flag].filter((part) => part !== '').join(', ');
  const counts = await runCases(cases, how, {
    isExpected: expectedDifferences(node.major, engine),
    title,
  });
  const seconds = `${((performance.now() - start) / 1000).toFixed(0)} s`;
  const cells = [counts.passed, counts.failed, counts.expected, counts.failing].map(String);
  console.log(`${title}, ${suite}: ${cells[0]} passed, ${cells[1]} failed, ${seconds}`);
  return { counts, row: [node.version, engine, flag, suite, ...cells, seconds] };
}

compileTests();
console.log(`seed ${seed}`);
const head = ['Node', 'engine', 'flag', 'suite', 'passed', 'failed', 'expected'];
const rows = [[...head, 'fail without', 'time']];
const totals = { passed: 0, failed: 0 };
const failures = [];
for (const major of values.node.split(',').map(Number)) {
  const node = nodeOfMajor(major);
  const binding = buildNative(node.nodedir, mirrorSources(node.folder));
  for (const flag of roundsOf(node)) {
    const share = flag === '' || values.flag !== everyRound ? 1 : STRESSED;
    for (const suite of values.suite.split(',')) {
      for (const engine of values.engine.split(',')) {
        const { counts, row } = await round(node, binding, { flag, engine, suite, share });
        totals.passed += counts.passed;
        totals.failed += counts.failed;
        rows.push(row);
      }
    }
  }
}

printFailures(failures);
console.log(`\n${table(rows)}\n`);
print(totals);
process.exitCode = totals.failed || !totals.passed ? 1 : 0;
