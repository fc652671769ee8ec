// 2resumes_same_function of the wasmfx benchmarks: the coroutine of suspend_resume, driven from two places that
// take turns. What a compiler learns at one call site of resume helps only half of the time.
import { Fiber } from 'greenfiber';

export const sizes = { test: 1000, quick: 1_000_000, full: 20_000_000 };
export const expected = (size) => size;
export const operations = (size) => size + 1; // resumes

export const variants = {
  fibers(size) {
    const fiber = new Fiber(() => {
      for (let i = 0; i < size; i++) Fiber.yield();
    });
    let suspensions = 0;
    for (;;) {
      fiber.resume();
      if (fiber.done) return suspensions;
      suspensions++;
      fiber.resume();
      if (fiber.done) return suspensions;
      suspensions++;
    }
  },

  generators(size) {
    function* body() {
      for (let i = 0; i < size; i++) yield;
    }
    const generator = body();
    let suspensions = 0;
    for (;;) {
      if (generator.next().done) return suspensions;
      suspensions++;
      if (generator.next().done) return suspensions;
      suspensions++;
    }
  },
};
