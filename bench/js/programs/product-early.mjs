// product_early (effect-handlers-bench): multiplies the numbers from 1000 down to 0 recursively, and leaves the
// recursion by an effect at the 0, `size` times. The handler drops the continuation, 1000 calls deep.
import { effect, handle, on } from 'greenfiber';

export const sizes = { test: 20, quick: 20_000, full: 100_000 };
export const expected = () => 0;
export const operations = (size) => size;

const numbers = Array.from({ length: 1001 }, (_, i) => 1000 - i);

export const variants = {
  fibers(size) {
    const Done = effect('Done');
    const product = (i) => {
      const number = numbers[i];
      return number === 0 ? Done.perform(0) : number * product(i + 1);
    };
    const clause = on(Done, (result, k) => {
      k.return();
      return result;
    });
    let sum = 0;
    for (let i = 0; i < size; i++) sum += handle(() => product(0), clause);
    return sum;
  },

  // The nearest thing without effects: an exception.
  exceptions(size) {
    const product = (i) => {
      const number = numbers[i];
      if (number === 0) throw new Error('done');
      return number * product(i + 1);
    };
    let sum = 0;
    for (let i = 0; i < size; i++) {
      try {
        sum += product(0);
      } catch {
        sum += 0;
      }
    }
    return sum;
  },
};
