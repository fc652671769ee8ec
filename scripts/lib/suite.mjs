// The ava suite under one Node and one engine.
import { inRoot } from './paths.mjs';
import { capture, run } from './run.mjs';
import { ofAva } from './totals.mjs';

export const engines = ['direct', 'locker'];

export function compileTests() {
  run('npm', ['run', '--silent', 'build:tests']);
}

// `binding`: path of an addon other than the one that was built for the running Node.
// `whole`: with what need not run under every engine and Node version (ava.config.mjs).
export async function runSuite({ execPath, engine, binding, whole, quiet, args = [] }) {
  const env = { ...process.env, GREENFIBER_ENGINE: engine };
  if (!whole) env.GREENFIBER_SUITE = 'engine';
  if (binding) env.GREENFIBER_BINDING = binding;
  const ava = inRoot('node_modules', 'ava', 'entrypoints', 'cli.mjs');
  const { ok, output } = await capture(execPath, [ava, '--no-color', ...args], { env, quiet });
  return { output, totals: ofAva(ok, output) };
}
