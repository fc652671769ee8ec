// Debian packages.
import { spawnSync } from 'node:child_process';

const installed = (name) => spawnSync('dpkg', ['--status', name], { stdio: 'ignore' }).status === 0;

/** Installs what is missing when we are root. Answers why something is missing still, and what to do; else nothing. */
export function installPackages(packages) {
  const missing = packages.filter((name) => !installed(name));
  if (missing.length === 0) return undefined;
  const command = `apt-get install ${missing.join(' ')}`;
  if (process.getuid() !== 0) return `please run: sudo ${command}`;
  console.log(`installing ${missing.join(', ')}`);
  const failure =
    apt('update', '-q') ?? apt('install', '-q', '-y', '--no-install-recommends', ...missing);
  return failure && `${failure}; wanted: ${command}`;
}

function apt(...args) {
  const { status, signal, error } = spawnSync('apt-get', args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (status === 0) return undefined;
  return `apt-get ${args[0]}: ${error?.message ?? signal ?? `exit code ${status}`}`;
}
