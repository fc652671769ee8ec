// The Node versions a measurement runs on, each with a greenfiber addon of its own.
import path from 'node:path';
import { buildNative, mirrorSources } from '../../scripts/lib/native.mjs';
import { nodeOfMajor, runningNode } from '../../scripts/lib/node_versions.mjs';

// `majors`: "20,22", or undefined for the running Node with the addon that is built already.
// `bindings`: a folder of addons named MAJOR.node, which saves building them.
export function* targets(majors, bindings) {
  if (majors === undefined) {
    yield { ...runningNode(), binding: '' };
    return;
  }
  for (const major of majors.split(',').map(Number)) {
    const node = nodeOfMajor(major);
    const binding = bindings
      ? path.resolve(bindings, `${major}.node`)
      : buildNative(node.nodedir, mirrorSources(node.folder));
    yield { ...node, binding };
  }
}
