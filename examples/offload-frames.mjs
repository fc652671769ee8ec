// Half a million logical threads on one thread of JavaScript, as in a game's simulation: every frame advances all of
// them, and 30,000 of them call a native function that runs on other cores meanwhile.
//
//   node examples/offload-frames.mjs [fibers] [of them calling] [frames]
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { configure, Fiber, Semaphore, spawn, yieldNow } from 'greenfiber';
import { Offload } from 'greenfiber/offload';

const [fibers = 500_000, callers = 30_000, frames = 10] = process.argv.slice(2).map(Number);
const CHUNK = 100; // integers
const STRIDE = 112; // a chunk begins at a cache line
const AT_ONCE = 2000; // fibers, until results are looked after

// A program of its own would have its library built with it: see docs/offload.md.
function built(source) {
  const folder = mkdtempSync(`${tmpdir()}/offload-`);
  process.on('exit', () => rmSync(folder, { recursive: true }));
  const include = fileURLToPath(new URL('../include', import.meta.url));
  const file = fileURLToPath(new URL(source, import.meta.url));
  const library = `${folder}/library.so`;
  execFileSync('cc', ['-shared', '-fPIC', '-O2', `-I${include}`, '-o', library, file]);
  return library;
}

configure({ stackSize: 128 * 1024 });
const pool = new Offload();
const twice = pool.load(built('offload/double.c')).fn('twice');
const all = new Int32Array(new SharedArrayBuffer(4 * STRIDE * callers)).fill(1);

// Most threads only compute: they are fibers that are resumed once a frame.
let advanced = 0;

function compute() {
  for (let position = 0; ; position++) {
    advanced++;
    Fiber.yield(position);
  }
}

// V8 compiles the function meanwhile. Fibers that had begun before would each change over to the compiled code on their
// own, deep in their stacks: 20 microseconds and two pages for each.
for (let i = 0; i < 20_000; i++) {
  const fiber = new Fiber(compute);
  for (let k = 0; k < 10; k++) fiber.resume();
  fiber.return();
}
advanced = 0;
const computing = Array.from({ length: fibers - callers }, () => new Fiber(compute));

// The others are tasks: they sleep in the call, and until the next frame.
const nextFrame = new Semaphore(0);
let running = true;
let calling = 0;
let lastHasCalled;
const tasks = Array.from({ length: callers }, (_, i) =>
  spawn(() => {
    const chunk = all.subarray(i * STRIDE, i * STRIDE + CHUNK);
    for (;;) {
      nextFrame.acquire();
      if (!running) return;
      twice(chunk);
      advanced++;
      if (--calling === 0) lastHasCalled();
    }
  }),
);

const openNextFrame = () => {
  for (let i = 0; i < callers; i++) nextFrame.release();
};

async function frame() {
  const start = performance.now();
  calling = callers;
  const called = new Promise((resolve) => (lastHasCalled = resolve));
  openNextFrame();
  await spawn(() => {
    for (let i = 0; i < computing.length; i++) {
      computing[i].resume();
      if (i % AT_ONCE === 0) yieldNow();
    }
  });
  const computed = performance.now();
  await called;
  const end = performance.now();
  return { frame: end - start, computing: computed - start, waiting: end - computed };
}

await frame(); // starts all of them
const times = [];
for (let i = 1; i <= frames; i++) {
  const time = await frame();
  times.push(time.frame);
  const [whole, computing, waiting] = Object.values(time).map((ms) => ms.toFixed(1).padStart(7));
  console.log(
    `frame ${i}: ${whole} ms, ${computing} until all had computed, ${waiting} for the last call`,
  );
}

running = false;
openNextFrame();
await Promise.all(tasks);
const { calls, batches } = pool.stats();
await pool.close();
for (const fiber of computing) fiber.return();

const average = times.reduce((a, b) => a + b, 0) / frames;
const doubled = (2 ** ((frames + 1) % 32)) | 0;
const right = advanced === fibers * (frames + 1) && all[0] === (frames + 1 < 32 ? doubled : 0);
console.log(
  `${fibers} threads, ${calls} calls in ${batches} batches; ${average.toFixed(1)} ms a frame on average, ` +
    `${Math.max(...times).toFixed(1)} at most; all advanced: ${right}`,
);
