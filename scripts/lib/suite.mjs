// The ava suite under one Node and one engine.
import { inRoot } from './paths.mjs';
import { capture, fail, run } from './run.mjs';
import { ofAva } from './totals.mjs';

export const engines = ['direct', 'locker'];

// What the suite can be run with: the files of test/preload.
export const preloads = ['async-hooks', 'async-storage', 'domain', 'inspector'];

// What runs on a version of Node beside the one that runs everything, or under the engine beside the one that does; or
// with a preload.
export const suiteOf = (engine, preload) =>
  preload ? 'context' : engine === engines[0] ? 'version' : 'engine';

export function compileTests() {
  run('npm', ['run', '--silent', 'build:tests']);
}

// `binding`: path of an addon other than the one that was built for the running Node.
// `suite`: which tests, see ava.config.mjs. `preload`: what every test process begins with.
export async function runSuite({ execPath, engine, suite, binding, preload, quiet, args = [] }) {
  if (preload && !preloads.includes(preload)) {
    fail(`--with ${preload}: there are ${preloads.join(', ')} in test/preload`);
  }
  const env = { ...process.env, GREENFIBER_ENGINE: engine, GREENFIBER_SUITE: suite };
  if (binding) env.GREENFIBER_BINDING = binding;
  if (preload) env.GREENFIBER_PRELOAD = preload;
  const ava = inRoot('node_modules', 'ava', 'entrypoints', 'cli.mjs');
  const { ok, output } = await capture(execPath, [ava, '--no-color', ...args], { env, quiet });
  return { output, totals: ofAva(ok, output) };
}
