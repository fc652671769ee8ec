// countdown (effect-handlers-bench): counts a variable down that only a handler knows. Every read and every write
// is an effect: 2 * size + 1 of them.
import { answer, effect, handle } from 'greenfiber';

export const sizes = { test: 1000, quick: 2_000_000, full: 200_000_000 };
export const expected = () => 0;
export const operations = (size) => 2 * size + 1;

const Get = effect('Get');
const Set = effect('Set');

export const variants = {
  fibers(size) {
    let state = size;
    return handle(
      () => {
        for (;;) {
          const i = Get.perform();
          if (i === 0) return i;
          Set.perform(i - 1);
        }
      },
      answer(Get, () => state),
      answer(Set, (value) => {
        state = value;
      }),
    );
  },

  generators(size) {
    function* get() {
      return yield;
    }
    function* set(value) {
      yield value;
    }
    function* body() {
      for (;;) {
        const i = yield* get();
        if (i === 0) return i;
        yield* set(i - 1);
      }
    }
    const generator = body();
    let state = size;
    let request = generator.next();
    while (!request.done) {
      if (request.value !== undefined) state = request.value;
      request = generator.next(state);
    }
    return request.value;
  },
};
