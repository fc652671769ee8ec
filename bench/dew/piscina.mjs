// Dew over piscina: one of its tasks is a group of calls.
import { Piscina } from 'piscina';
import { checkChunks, chunksOf, GROUP, timeFrames } from './frames.mjs';

export async function piscina(kernel, variant, { frames, threads }) {
  const { all, stride, chunks } = chunksOf(variant);
  const pool = new Piscina({
    filename: new URL('piscina-worker.mjs', import.meta.url).href,
    minThreads: threads,
    maxThreads: threads,
  });
  const { calls, n } = variant;
  const times = await timeFrames(frames, () => {
    const groups = [];
    for (let first = 0; first < variant.threads; first += GROUP) {
      const count = Math.min(GROUP, variant.threads - first);
      groups.push(pool.run({ kernel, all, stride, first, count, calls, n }));
    }
    return Promise.all(groups);
  });
  await pool.close();
  checkChunks({ chunks, kernel, frames: frames + 1, calls });
  return { times };
}
