// The ava suite under one Node and one engine.
import { inRoot } from './paths.mjs';
import { capture, run } from './run.mjs';
import { ofAva } from './totals.mjs';

export const engines = ['direct', 'locker'];

// What runs on a version of Node beside the one that runs everything, or under the engine beside the one that does.
export const suiteOf = (engine) => (engine === engines[0] ? 'version' : 'engine');

export function compileTests() {
  run('npm', ['run', '--silent', 'build:tests']);
}

// `binding`: path of an addon other than the one that was built for the running Node.
// `suite`: which tests, see ava.config.mjs.
export async function runSuite({ execPath, engine, suite, binding, quiet, args = [] }) {
  const env = { ...process.env, GREENFIBER_ENGINE: engine, GREENFIBER_SUITE: suite };
  if (binding) env.GREENFIBER_BINDING = binding;
  const ava = inRoot('node_modules', 'ava', 'entrypoints', 'cli.mjs');
  const { ok, output } = await capture(execPath, [ava, '--no-color', ...args], { env, quiet });
  return { output, totals: ofAva(ok, output) };
}
