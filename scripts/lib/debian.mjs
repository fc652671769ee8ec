// Debian packages.
import { spawnSync } from 'node:child_process';
import { run } from './run.mjs';

const installed = (name) => spawnSync('dpkg', ['--status', name], { stdio: 'ignore' }).status === 0;

/** Installs what is missing when we are root; says how to otherwise. */
export function installPackages(packages) {
  const missing = packages.filter((name) => !installed(name));
  if (missing.length === 0) return;
  if (process.getuid() === 0) {
    const options = {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    };
    console.log(`installing ${missing.join(', ')}`);
    run('apt-get', ['update', '-q'], options);
    run('apt-get', ['install', '-q', '-y', '--no-install-recommends', ...missing], options);
  } else {
    console.log(`please run: sudo apt-get install ${missing.join(' ')}`);
  }
}
