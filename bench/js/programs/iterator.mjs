// iterator (effect-handlers-bench): sums what a loop emits: size + 1 effects.
import { answer, effect, handle } from 'greenfiber';

export const sizes = { test: 1000, quick: 4_000_000, full: 40_000_000 };
export const expected = (size) => (size * (size + 1)) / 2;
export const operations = (size) => size + 1;

const Emit = effect('Emit');

export const variants = {
  fibers(size) {
    let sum = 0;
    handle(
      () => {
        for (let i = 0; i <= size; i++) Emit.perform(i);
      },
      answer(Emit, (value) => {
        sum += value;
      }),
    );
    return sum;
  },

  generators(size) {
    function* iterate() {
      for (let i = 0; i <= size; i++) yield i;
    }
    let sum = 0;
    for (const value of iterate()) sum += value;
    return sum;
  },
};
