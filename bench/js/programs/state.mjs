// state: a loop counts in a variable that it cannot see. Every read and every write of it suspends and is
// answered by a handler, which holds the integer: 3 * size + 2 suspensions.
import { Fiber } from 'greenfiber';

export const sizes = { test: 1000, quick: 300_000, full: 10_000_000 };
export const expected = (size) => size;
export const operations = (size) => 3 * size + 2; // suspensions

// A suspension with a value is a write, one without is a read.
const get = () => Fiber.yield();
const put = (value) => {
  Fiber.yield(value);
};

export const variants = {
  fibers(limit) {
    const fiber = new Fiber(() => {
      while (get() < limit) put(get() + 1);
      return get();
    });
    let state = 0;
    let request = fiber.resume();
    while (!fiber.done) {
      if (request === undefined) {
        request = fiber.resume(state);
      } else {
        state = request;
        request = fiber.resume();
      }
    }
    return request;
  },

  generators(limit) {
    function* get() {
      return yield;
    }
    function* put(value) {
      yield value;
    }
    function* body() {
      while ((yield* get()) < limit) yield* put((yield* get()) + 1);
      return yield* get();
    }
    const generator = body();
    let state = 0;
    let request = generator.next();
    while (!request.done) {
      if (request.value === undefined) {
        request = generator.next(state);
      } else {
        state = request.value;
        request = generator.next();
      }
    }
    return request.value;
  },

  async async(limit) {
    let state = 0;
    const get = async () => state;
    const put = async (value) => {
      state = value;
    };
    while ((await get()) < limit) await put((await get()) + 1);
    return get();
  },
};
