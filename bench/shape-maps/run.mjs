// What shape maps bring: awake.mjs with them and without, in turn, on every Node that is built.
//
//   node bench/shape-maps/run.mjs                  all of .nodes
//   node bench/shape-maps/run.mjs --node 24 --count 15000 --runs 5
//   node bench/shape-maps/run.mjs --base PATH      without: the addon at PATH, in which PATH's MAJOR is replaced
//
// Prints medians, and the median of the ratios of neighbouring runs: with maps to without.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { nodeOfMajor, majors } from '../../scripts/lib/node_versions.mjs';
import { table } from '../../scripts/lib/table.mjs';

const { values } = parseArgs({
  options: {
    node: { type: 'string', default: majors.join() },
    count: { type: 'string', default: '15000' },
    runs: { type: 'string', default: '5' },
    base: { type: 'string' },
  },
});

const PROGRAM = fileURLToPath(new URL('awake.mjs', import.meta.url));
const median = (list) => list.sort((a, b) => a - b)[list.length >> 1];

function measure(node, kind, on) {
  const count = kind === 'switch' ? '300000' : values.count;
  const own = `${node.folder}/build/Release/greenfiber.node`;
  const base = on ? undefined : values.base?.replace('MAJOR', String(node.major));
  const env = {
    ...process.env,
    GREENFIBER_ENGINE: 'direct',
    GREENFIBER_BINDING: base ?? own,
    GREENFIBER_SHAPE_MAPS: on ? '' : '0',
  };
  const output = execFileSync(node.execPath, ['--expose-gc', PROGRAM, kind, count], { env });
  return JSON.parse(String(output));
}

const rows = [['Node', 'what', 'without', 'with', 'ratio', 'by shape']];
for (const major of values.node.split(',').map(Number)) {
  const node = nodeOfMajor(major);
  for (const kind of ['same', 'varied', 'switch']) {
    const pairs = Array.from({ length: Number(values.runs) }, (_, i) => {
      // Neither is always the first.
      const first = measure(node, kind, i % 2 === 0);
      const second = measure(node, kind, i % 2 === 1);
      return i % 2 === 0 ? { on: first, off: second } : { on: second, off: first };
    });
    for (const what of Object.keys(pairs[0].on).filter((name) => name !== 'share')) {
      const of = (pick) => median(pairs.map(pick));
      const share = of(({ on }) => on.share ?? NaN);
      rows.push([
        node.version,
        what === 'each' ? `${kind}, µs` : `${what}, ns`,
        of(({ off }) => off[what]).toFixed(2),
        of(({ on }) => on[what]).toFixed(2),
        of(({ on, off }) => on[what] / off[what]).toFixed(2),
        Number.isNaN(share) ? '' : `${(share * 100).toFixed(2)} %`,
      ]);
    }
  }
}
console.log(table(rows));
