// The binaries that travel in the package: one for each V8 ABI and processor, named as node-gyp-build looks for
// them. Each is made on a machine of its kind. The build is tagged with its ABI and its C library, not as Node-API: it uses V8 directly.
import { existsSync } from 'node:fs';
import { isStale } from './files.mjs';
import { gypEnvironment, mirrorSources, nativeSources } from './native.mjs';
import { architectures, majors, nodeOfMajor } from './node_versions.mjs';
import { inRoot } from './paths.mjs';
import { run } from './run.mjs';

export const fileFor = ({ abi }, arch = process.arch) =>
  `prebuilds/linux-${arch}/greenfiber.abi${abi}.glibc.node`;

// Whose binaries the package is to have: of all, but for a trial here.
export const packed = process.env.GREENFIBER_ARCHITECTURES?.split(',') ?? architectures;

// What is not there; nothing if the package is complete.
export const missingPrebuilds = () =>
  majors
    .map((major) => nodeOfMajor(major))
    .flatMap((node) => packed.map((arch) => fileFor(node, arch)))
    .filter((file) => !existsSync(inRoot(file)));

// Each build runs under the Node it is for, which so tells prebuildify its ABI itself.
export function makePrebuilds(wanted = majors) {
  for (const node of wanted.map(nodeOfMajor)) {
    const file = fileFor(node);
    if (!isStale(file, [...nativeSources, 'package-lock.json'])) continue;
    const start = performance.now();
    const args = ['--no-napi', '--strip', '--tag-libc', '--name', 'greenfiber', '--out', inRoot()];
    const where = ['--cwd', mirrorSources(node.folder), '--target', node.version];
    run(node.execPath, [inRoot('node_modules/prebuildify/bin.js'), ...args, ...where], {
      env: {
        ...gypEnvironment(node.nodedir),
        PREBUILD_NODE_GYP: inRoot('scripts/lib/node_gyp_incremental.mjs'),
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    console.log(`${file}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
  }
}
