// The Dew benchmark, frame by frame:
//
//   node bench/dew/run.mjs [--frames 10] [--threads 30000] [--only fibers,c] [--pin] [--list]
//
// Three tables: both variants over everything that can run them, the times of every single frame (--list), and how
// chunks ten times larger scale from one core to as many as there are. See docs/offload.md.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { table } from '../../scripts/lib/table.mjs';
import { atomics } from './atomics.mjs';
import { fibers } from './fibers.mjs';
import { KERNELS, summary, variantsOf } from './frames.mjs';
import { piscina } from './piscina.mjs';
import { plainC } from './plain-c.mjs';
import { onCores } from './scaling.mjs';

const { values } = parseArgs({
  options: {
    frames: { type: 'string', default: '10' },
    threads: { type: 'string', default: '30000' },
    only: { type: 'string', default: '' },
    pin: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
});
const frames = Number(values.frames);
const cores = availableParallelism();
const variants = variantsOf(Number(values.threads));
const implementations = { fibers, atomics, piscina, c: plainC };
const wanted = Object.entries(implementations).filter(
  ([name]) => values.only === '' || values.only.split(',').includes(name),
);

const shown = (ms) => ms.toFixed(3);
const rows = [['kernel', 'variant', 'with', 'average ms', 'least', 'most', 'ns a call']];
const lists = [];
for (const kernel of KERNELS) {
  for (const name of ['each', 'seq']) {
    for (const [implementation, run] of wanted) {
      const variant = variants[name];
      const { times } = await run(kernel, variant, { frames, threads: cores, pin: values.pin });
      const { average, least, most } = summary(times);
      const calls = variant.threads * variant.calls;
      const each = ((average * 1e6) / calls).toFixed(0);
      rows.push([kernel, name, implementation, shown(average), shown(least), shown(most), each]);
      lists.push([kernel, name, implementation, ...times.map((ms) => ms.toFixed(2))]);
    }
  }
}
console.log(`${variants.each.threads} calls a frame, ${frames} frames, ${cores} threads\n`);
console.log(table(rows));
if (values.list) {
  const numbers = Array.from({ length: frames }, (_, i) => `frame ${i + 1}`);
  console.log(`\n${table([['kernel', 'variant', 'with', ...numbers], ...lists])}`);
}

const scaling = [['kernel', 'cores', 'average ms', 'against one']];
for (const kernel of ['arith', 'memory']) {
  let one;
  for (let used = 1; used <= cores; used++) {
    const average = onCores(used, kernel, { threads: variants.each.threads, frames });
    one ??= average;
    scaling.push([kernel, String(used), shown(average), `${(one / average).toFixed(2)}x`]);
  }
}
console.log(`\nChunks ten times larger, variant seq\n\n${table(scaling)}`);
