// Installs what the benchmarks compare greenfiber with: Debian packages (as root) and, from npm, node-fibers with the
// newest Node it runs on. What cannot be installed is left out of the comparison and reported as missing.
//
//   node bench/install-peers.mjs
import { spawnSync } from 'node:child_process';
import { run } from '../scripts/lib/run.mjs';
import { findPeers } from './peers/peers.mjs';

const packages = [
  ...['g++', 'make', 'libbenchmark-dev', 'libboost-context-dev'],
  ...['golang-go', 'lua5.4', 'luajit', 'ruby', 'python3-greenlet'],
];

const installed = (name) => spawnSync('dpkg', ['--status', name], { stdio: 'ignore' }).status === 0;

const missing = packages.filter((name) => !installed(name));
if (missing.length > 0) {
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

for (const peer of await findPeers()) {
  console.log(`${peer.name}: ${peer.missing ? `missing: ${peer.missing}` : peer.version}`);
}
