// The Dew benchmark (bench/dew): 30,000 logical threads call a native function once a frame, which runs on a pool of
// threads in groups of 100; in variant seq, 1,000 threads call it 30 times. Beside it the same kernels in plain C on one
// core, in worker threads with Atomics, and over piscina, none of which has logical threads.
//
// The answer is the number of frames; the figures are milliseconds a frame, the first left out, and nanoseconds a call.
// `scaling` is the time of frames of variant seq with chunks ten times larger, when the process is kept to so many cores.
import { availableParallelism } from 'node:os';
import { atomics } from '../../dew/atomics.mjs';
import { fibers } from '../../dew/fibers.mjs';
import { KERNELS, summary, variantsOf } from '../../dew/frames.mjs';
import { piscina } from '../../dew/piscina.mjs';
import { plainC } from '../../dew/plain-c.mjs';
import { onCores } from '../../dew/scaling.mjs';

export const sizes = {
  test: { threads: 600, frames: 2 },
  quick: { threads: 6000, frames: 5 },
  full: { threads: 30_000, frames: 10 },
};

export const expected = ({ frames }) => ({ frames });

const cores = availableParallelism();

async function run(implementation, { threads, frames }) {
  const variants = variantsOf(threads);
  const figures = { each: {}, seq: {} };
  for (const kernel of KERNELS) {
    for (const name of ['each', 'seq']) {
      const variant = variants[name];
      const { times } = await implementation(kernel, variant, { frames, threads: cores });
      const { average, most, least } = summary(times);
      const calls = variant.threads * variant.calls;
      figures[name][kernel] = { average, most, 'least ns a call': (least * 1e6) / calls };
    }
  }
  return { frames, ...figures };
}

export const variants = {
  async fibers(size) {
    const answer = await run(fibers, size);
    const scaling = { arith: {}, memory: {} };
    for (const kernel of Object.keys(scaling)) {
      for (let used = 1; used <= cores; used++) {
        scaling[kernel][`cores ${used}`] = onCores(used, kernel, size);
      }
    }
    return { ...answer, scaling };
  },
  atomics: (size) => run(atomics, size),
  piscina: (size) => run(piscina, size),
  c: (size) => run(plainC, size),
};
