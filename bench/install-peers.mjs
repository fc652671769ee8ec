// Installs what the benchmarks compare greenfiber with: Debian packages (as root) and, from npm, node-fibers with the
// newest Node it runs on. What cannot be installed is left out of the comparison and reported as missing.
//
//   node bench/install-peers.mjs
import { installPackages } from '../scripts/lib/debian.mjs';
import { findPeers } from './peers/peers.mjs';

const packages = [
  ...['g++', 'make', 'libbenchmark-dev', 'libboost-context-dev'],
  ...['golang-go', 'lua5.4', 'luajit', 'ruby', 'python3-greenlet'],
];

installPackages(packages);

for (const peer of await findPeers()) {
  console.log(`${peer.name}: ${peer.missing ? `missing: ${peer.missing}` : peer.version}`);
}
