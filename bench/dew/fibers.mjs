// Dew over tasks and offloaded calls.
import { Semaphore, spawn } from 'greenfiber';
import { Offload } from 'greenfiber/offload';
import { checkChunks, chunksOf, GROUP, timeFrames } from './frames.mjs';
import { kernelsOf } from './library.mjs';

// Milliseconds of each frame.
export async function fibers(kernel, variant, { frames, threads, pin = false }) {
  const pool = new Offload({ threads, pin, batch: { size: GROUP } });
  const dowork = kernelsOf(pool)[kernel];
  const { chunks } = chunksOf(variant);
  const { calls, n } = variant;
  const gate = new Semaphore(0);
  let running = true;
  let left = 0;
  let frameEnded;
  const tasks = chunks.map((chunk) =>
    spawn(() => {
      for (;;) {
        gate.acquire();
        if (!running) return;
        for (let call = 0; call < calls; call++) dowork(chunk, n);
        if (--left === 0) frameEnded();
      }
    }),
  );
  const openGate = () => {
    for (let i = chunks.length; i > 0; i--) gate.release();
  };
  const times = await timeFrames(frames, () => {
    left = chunks.length;
    const ended = new Promise((resolve) => (frameEnded = resolve));
    openGate();
    return ended;
  });
  running = false;
  openGate();
  await Promise.all(tasks);
  const { batches } = pool.stats();
  await pool.close();
  checkChunks({ chunks, kernel, frames: frames + 1, calls });
  return { times, batches };
}
