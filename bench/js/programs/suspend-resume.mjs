// suspend_resume of the wasmfx benchmarks: one coroutine suspends `size` times without a payload, and the driver
// counts. Nothing but switching.
import { Fiber } from 'greenfiber';
import { suspending } from '../jspi.mjs';

export const sizes = { test: 1000, quick: 1_000_000, full: 20_000_000 };
export const expected = (size) => size;
export const operations = (size) => size + 1; // resumes

export const variants = {
  fibers(size) {
    const fiber = new Fiber(() => {
      for (let i = 0; i < size; i++) Fiber.yield();
    });
    let suspensions = 0;
    for (fiber.resume(); !fiber.done; fiber.resume()) suspensions++;
    return suspensions;
  },

  generators(size) {
    function* body() {
      for (let i = 0; i < size; i++) yield;
    }
    const generator = body();
    let suspensions = 0;
    while (!generator.next().done) suspensions++;
    return suspensions;
  },

  async async(size) {
    let suspensions = 0;
    const body = async () => {
      for (let i = 0; i < size; i++) {
        await undefined;
        suspensions++;
      }
    };
    await body();
    return suspensions;
  },

  // Only frames of WebAssembly may be suspended by it; a loop written in WebAssembly calls an import that
  // answers a promise.
  async jspi(size) {
    let suspensions = 0;
    const loop = suspending(() => {
      suspensions++;
      return Promise.resolve();
    });
    await loop(size);
    return suspensions;
  },
};
