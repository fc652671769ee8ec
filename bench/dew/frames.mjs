// What all implementations of the Dew benchmark have in common: 30,000 logical threads, each with a chunk of int32 at
// a cache line of its own, call dowork(chunk, n) once in a frame; or, in variant seq, 1,000 threads call it 30 times
// one after the other. Calls go out in groups of 100. The first frame is not counted.
export const KERNELS = ['none', 'arith', 'memory'];
export const GROUP = 100;

const CACHE_LINE = 16; // int32s

// { threads, calls, n }: calls of each thread in a frame, and int32s in a chunk.
export const variantsOf = (threads) => ({
  each: { threads, calls: 1, n: 100 },
  seq: { threads: Math.ceil(threads / 30), calls: 30, n: 100 },
  big: { threads: Math.ceil(threads / 30), calls: 30, n: 1000 }, // seq with larger chunks, for the scaling
});

export function chunksOf({ threads, n }) {
  const stride = Math.ceil(n / CACHE_LINE) * CACHE_LINE;
  const all = new Int32Array(new SharedArrayBuffer(4 * (threads * stride + CACHE_LINE))).fill(1);
  return {
    all,
    stride,
    chunks: Array.from({ length: threads }, (_, i) => all.subarray(i * stride, i * stride + n)),
  };
}

// Whether the kernel was called as often on every chunk as it should have been.
export function checkChunks({ chunks, kernel, frames, calls }) {
  const expected = kernel === 'memory' ? (2 ** ((frames * calls) % 32)) | 0 : 1;
  const wanted = kernel === 'memory' && frames * calls >= 32 ? 0 : expected;
  const wrong = chunks.findIndex((chunk) => chunk[0] !== wanted || chunk.at(-1) !== wanted);
  if (wrong !== -1)
    throw new Error(`${kernel}: chunk ${wrong} has ${chunks[wrong][0]}, not ${wanted}`);
}

// Milliseconds of each frame but the first. `frame()` is called once for each.
export async function timeFrames(frames, frame) {
  const times = [];
  for (let i = 0; i <= frames; i++) {
    const start = process.hrtime.bigint();
    await frame();
    times.push(Number(process.hrtime.bigint() - start) / 1e6);
  }
  return times.slice(1);
}

export const summary = (times) => ({
  average: times.reduce((a, b) => a + b, 0) / times.length,
  most: Math.max(...times),
  least: Math.min(...times),
});
