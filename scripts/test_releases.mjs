// One binary serves all releases of a line: each of some releases of Node loads the binary that the package ships for
// its ABI, on the direct engine, and passes the self-test, the stress program and the hazards that depend on Node itself.
//
//   npm run test:releases                        the lines that a binary is shipped for
//   npm run test:releases -- --build             those that a binary has to be built for, as well
//   npm run test:releases -- --core              the core of the suite in place of some hazards: nightly
//   npm run test:releases -- --node 22           one line; --release 22.12.0: one release
//
// The releases come from npm, once, into .nodes/RELEASE. Output is shown only of what failed.
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { buildNative, mirrorSources } from './lib/native.mjs';
import { builtMajors, majors, nodeOfMajor, nodeOfRelease } from './lib/node_versions.mjs';
import { inRoot } from './lib/paths.mjs';
import { fileFor, makePrebuilds } from './lib/prebuilds.mjs';
import { releases } from './lib/releases.mjs';
import { capture } from './lib/run.mjs';
import { compileTests, runSuite } from './lib/suite.mjs';
import { table } from './lib/table.mjs';
import { add, none, print, printFailures, reportOfAva } from './lib/totals.mjs';

// Below dist-test; what is not there is left out.
const quick = [
  'crashes',
  'hazards/async-context.test.js',
  'hazards/async-ids.test.js',
  'hazards/domain.test.js',
  'hazards/fast-calls.test.js',
  'hazards/microtasks.test.js',
  'hazards/node-api.test.js',
  'hazards/wasm.test.js',
];
const core = ['crashes', 'engine', 'fiber', 'hazards', 'lifecycle', 'scheduler'];

const { values } = parseArgs({
  options: {
    build: { type: 'boolean', default: false },
    core: { type: 'boolean', default: false },
    node: { type: 'string' },
    release: { type: 'string', multiple: true },
  },
});

function chosenLines() {
  if (values.node) return values.node.split(',').map(Number);
  if (values.release) return [...new Set(values.release.map((release) => parseInt(release, 10)))];
  return values.build ? [...majors, ...builtMajors].sort() : majors;
}

function chosenReleases(major) {
  const own = (release) => parseInt(release, 10) === major;
  if (values.release) return values.release.filter(own).map(nodeOfRelease);
  return [...releases[major].map(nodeOfRelease), nodeOfMajor(major)];
}

function bindingOf(major) {
  const newest = nodeOfMajor(major);
  if (majors.includes(major)) return inRoot(fileFor(newest));
  return buildNative(newest.nodedir, mirrorSources(newest.folder));
}

// The self-test runs when greenfiber is loaded; the engine is the one that it chooses by itself.
async function stress({ execPath }, binding) {
  const program = [inRoot('dist-test/stress/interleave.cjs'), '2', '50', '1'];
  const { ok, output } = await capture(execPath, ['--expose-gc', ...program], {
    env: { ...process.env, GREENFIBER_BINDING: binding, GREENFIBER_ENGINE: '' },
    quiet: true,
  });
  const engine = / (\w+) engine/.exec(output)?.[1] ?? 'none';
  const passed = ok && engine === 'direct';
  return { engine, output, totals: { passed: Number(passed), failed: Number(!passed) } };
}

const lines = chosenLines();
makePrebuilds(lines.filter((major) => majors.includes(major)));
compileTests();
const places = (values.core ? core : quick).map((place) => inRoot('dist-test', place));
const rows = [['release', 'V8', 'engine', 'passed', 'failed', 'time']];
let totals = none;
const failures = [];
for (const major of lines) {
  const binding = bindingOf(major);
  for (const node of chosenReleases(major)) {
    const begin = performance.now();
    const stressed = await stress(node, binding);
    if (stressed.totals.failed) {
      failures.push({ title: `Node ${node.version}, stress`, report: stressed.output });
    }
    const result = await runSuite({
      execPath: node.execPath,
      engine: 'direct',
      suite: 'version',
      binding,
      quiet: true,
      args: places.filter((place) => existsSync(place)),
    });
    if (result.totals.failed) {
      failures.push({ title: `Node ${node.version}`, report: reportOfAva(result.output) });
    }
    const sum = add(stressed.totals, result.totals);
    totals = add(totals, sum);
    const seconds = `${((performance.now() - begin) / 1000).toFixed(1)} s`;
    const { passed, failed } = sum;
    rows.push([node.version, node.v8, stressed.engine, String(passed), String(failed), seconds]);
    console.log(`Node ${node.version}: ${passed} passed, ${failed} failed`);
  }
}

printFailures(failures);
console.log(`\n${table(rows)}\n`);
print(totals);
process.exitCode = totals.failed ? 1 : 0;
