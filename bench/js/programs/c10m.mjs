// c10m of the wasmfx benchmarks: 10,000 workers are alive, as many as a server has connections. `size` times the
// next one is resumed twice, uses 32 KB of stack, ends and is replaced. In the end the rest is finished.
import { Fiber } from 'greenfiber';

export const sizes = { test: 1000, quick: 100_000, full: 10_000_000 };
export const expected = (size) => size + WORKERS;
export const operations = (size) => 2 * (size + WORKERS); // resumes

const WORKERS = 10_000;
const KILOBYTES = 32;

// JavaScript cannot reserve stack, only recurse. With its arguments a compiled frame of this function takes 304 bytes;
// small frames would take more than twice the time, most of it for mispredicted returns.
// prettier-ignore
const touch = (frames) => frames === 0 ? 0
  : 1 + touch(frames - 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
const use = (kilobytes) => touch(Math.ceil((kilobytes * 1024) / 304));

function run(size, start, finish) {
  const workers = Array.from({ length: WORKERS }, start);
  let sum = 0;
  for (let i = 0; i < size; i++) {
    const slot = i % WORKERS;
    sum += finish(workers[slot]);
    workers[slot] = start();
  }
  for (const worker of workers) sum += finish(worker);
  return sum;
}

export const variants = {
  fibers(size) {
    const worker = (argument) => {
      use(Fiber.yield(argument));
      return 1;
    };
    const finish = (fiber) => {
      fiber.resume(KILOBYTES);
      return fiber.resume(KILOBYTES);
    };
    return run(size, () => new Fiber(worker), finish);
  },

  generators(size) {
    function* worker(argument) {
      use(yield argument);
      return 1;
    }
    const finish = (generator) => {
      generator.next();
      return generator.next(KILOBYTES).value;
    };
    return run(size, () => worker(KILOBYTES), finish);
  },
};
