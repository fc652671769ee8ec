// Builds the experiment for each Node that it is asked for: the addon, and then its objects with two files more.
//
//   node bench/experiments/tucked/build.mjs [20,22,24,26]
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { buildNative, mirrorSources } from '../../../scripts/lib/native.mjs';
import { majors, nodeOfMajor } from '../../../scripts/lib/node_versions.mjs';
import { inRoot } from '../../../scripts/lib/paths.mjs';
import { run } from '../../../scripts/lib/run.mjs';

const here = inRoot('bench', 'experiments', 'tucked');
const flags =
  '-shared -std=c++20 -O3 -g -fPIC -fvisibility=hidden -fno-exceptions -fno-rtti -fno-omit-frame-pointer ' +
  '-Wall -Wextra -Werror -DNAPI_VERSION=9 -DNAPI_DISABLE_CPP_EXCEPTIONS ' +
  '-DNODE_ADDON_API_DISABLE_DEPRECATED -DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS';

for (const major of process.argv[2]?.split(',').map(Number) ?? majors) {
  const { nodedir, folder } = nodeOfMajor(major);
  buildNative(nodedir, mirrorSources(folder));
  const objects = path.join(folder, 'build/Release/obj.target/greenfiber/src-native');
  const linked = readdirSync(objects, { recursive: true }).filter(
    (name) => name.endsWith('.o') && name !== 'addon.o',
  );
  run(process.env.CXX ?? 'c++', [
    ...flags.split(' '),
    `-I${inRoot('src-native')}`,
    ...['-isystem', path.join(nodedir, 'include', 'node')],
    ...['-isystem', inRoot('node_modules', 'node-addon-api')],
    ...['-o', path.join(folder, 'tucked.node')],
    ...[path.join(here, 'addon.cc'), path.join(here, 'tuck.cc')],
    ...linked.map((name) => path.join(objects, name)),
  ]);
}
