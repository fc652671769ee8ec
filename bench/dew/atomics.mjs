// Dew over worker threads that take groups of calls from shared memory with Atomics, without logical threads: what a
// program would do that is written for this and nothing else.
import { fileURLToPath } from 'node:url';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { checkChunks, chunksOf, GROUP, timeFrames } from './frames.mjs';
import { kernels } from './kernels.mjs';

const FRAME = 0; // which frame is to be worked on; -1: none any more
const NEXT = 1; // the next thread that nobody has taken
const DONE = 2; // threads whose calls have been run

export async function atomics(kernel, variant, { frames, threads }) {
  const { all, stride, chunks } = chunksOf(variant);
  const control = new Int32Array(new SharedArrayBuffer(64));
  control[NEXT] = variant.threads;
  const data = { kernel, all, stride, control, variant };
  const workers = Array.from(
    { length: threads },
    () => new Worker(fileURLToPath(import.meta.url), { workerData: data }),
  );
  await Promise.all(
    workers.map((worker) => new Promise((resolve) => worker.once('message', resolve))),
  );
  const times = await timeFrames(frames, async () => {
    Atomics.store(control, DONE, 0);
    Atomics.store(control, NEXT, 0);
    Atomics.add(control, FRAME, 1);
    Atomics.notify(control, FRAME);
    for (;;) {
      const done = Atomics.load(control, DONE);
      if (done === variant.threads) return;
      await Atomics.waitAsync(control, DONE, done).value;
    }
  });
  Atomics.store(control, FRAME, -1);
  Atomics.notify(control, FRAME);
  await Promise.all(
    workers.map((worker) => new Promise((resolve) => worker.once('exit', resolve))),
  );
  checkChunks({ chunks, kernel, frames: frames + 1, calls: variant.calls });
  return { times };
}

async function work() {
  const { parentPort } = await import('node:worker_threads');
  const { kernel, all, stride, control, variant } = workerData;
  const dowork = kernels[kernel];
  let frame = Atomics.load(control, FRAME);
  parentPort.postMessage('ready');
  for (;;) {
    Atomics.wait(control, FRAME, frame);
    frame = Atomics.load(control, FRAME);
    if (frame === -1) return;
    for (;;) {
      const first = Atomics.add(control, NEXT, GROUP);
      if (first >= variant.threads) break;
      const last = Math.min(first + GROUP, variant.threads);
      for (let i = first; i < last; i++) {
        for (let call = 0; call < variant.calls; call++) dowork(all, i * stride, variant.n);
      }
      if (Atomics.add(control, DONE, last - first) + last - first === variant.threads) {
        Atomics.notify(control, DONE);
      }
    }
  }
}

if (!isMainThread && workerData?.control) await work();
