// Builds of the addon for tests, and what runs in them: the part of the suite that switches stacks, and the fuzz drivers.
import { buildNative, mirrorSources } from './native.mjs';
import { nodeOfMajor, runningNode } from './node_versions.mjs';
import { inRoot } from './paths.mjs';
import { capture } from './run.mjs';
import { table } from './table.mjs';
import { add, none, ofAva, print, printFailures, reportOfAva } from './totals.mjs';

const core = ['fiber', 'hazards', 'scheduler', 'effects', 'lifecycle'];

// The Node of a major version, or the one that runs this script.
export function chosenNode(major) {
  const running = runningNode();
  return major === undefined || Number(major) === running.major ? running : nodeOfMajor(major);
}

// In a git-ignored folder of its own.
export function buildVariant(node, name, { compile, link = '' }) {
  const { CXXFLAGS = '', LDFLAGS = '' } = process.env;
  const sources = mirrorSources(inRoot('.nodes', 'variants', `${name}-${node.version}`));
  return buildNative(node.nodedir, sources, {
    CXXFLAGS: `${CXXFLAGS} ${compile}`,
    LDFLAGS: `${LDFLAGS} ${link}`,
  });
}

const programs = (seed, seconds) => ({
  interleave: ['stress/interleave.cjs', seconds, '50', seed],
  fuzz: ['fuzz/driver.js', seed, seconds],
  generations: ['fuzz/generations.js', seed, seconds],
});

// Runs the core of the suite and the fuzz drivers on `node` with `binding`; prints a table, and ends the script with an
// exit code. `env` is what the build listens to; `files` are globs in place of the core.
export async function runVariant({ node, binding, engines, env, seconds, seed, files }) {
  const rows = [['engine', 'what', 'passed', 'failed']];
  const failures = [];
  let totals = none;
  const settle = (engine, what, result, report) => {
    totals = add(totals, result);
    rows.push([engine, what, String(result.passed), String(result.failed)]);
    if (result.failed) failures.push({ title: `${what}, ${engine}`, report });
  };
  const ava = inRoot('node_modules', 'ava', 'entrypoints', 'cli.mjs');
  for (const engine of engines) {
    const options = {
      env: {
        ...process.env,
        ...env,
        GREENFIBER_BINDING: binding,
        GREENFIBER_ENGINE: engine,
        GREENFIBER_SUITE: 'version',
        GREENFIBER_VERIFY_GENERATIONS: '1',
      },
    };
    const tests = files ?? core.map((folder) => `dist-test/${folder}/**/*.test.js`);
    const args = [ava, '--no-color', '--timeout=20m', ...tests];
    const suite = await capture(node.execPath, args, options);
    settle(engine, 'suite', ofAva(suite.ok, suite.output), reportOfAva(suite.output));
    for (const [name, [file, ...rest]] of Object.entries(programs(seed, seconds))) {
      const program = [inRoot('dist-test', file), ...rest];
      const flags = ['--expose-gc', '--no-warnings'];
      const { ok, output } = await capture(node.execPath, [...flags, ...program], {
        ...options,
        quiet: true,
        timeout: Number(seconds) * 1000 + 600_000,
        killSignal: 'SIGKILL',
      });
      console.log(`${ok ? 'passed' : 'FAILED'}: ${engine}, ${name}`);
      const report = `node ${[...flags, ...program].join(' ')}\n${output}`;
      settle(engine, name, { passed: ok ? 1 : 0, failed: ok ? 0 : 1 }, report);
    }
  }
  printFailures(failures);
  console.log(`\n${table(rows)}\n`);
  print(totals);
  process.exitCode = totals.failed ? 1 : 0;
}
