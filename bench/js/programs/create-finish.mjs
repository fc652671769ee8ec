// create + finish: `size` coroutines, one after the other, each started and run to its end at once.
import { Fiber } from 'greenfiber';
import { promising } from '../jspi.mjs';

export const sizes = { test: 1000, quick: 100_000, full: 1_000_000 };
export const expected = (size) => (size * (size - 1)) / 2;
export const operations = (size) => size;

export const variants = {
  fibers(size) {
    const body = (value) => value;
    let sum = 0;
    for (let i = 0; i < size; i++) sum += new Fiber(body).resume(i);
    return sum;
  },

  generators(size) {
    // eslint-disable-next-line require-yield
    function* body(value) {
      return value;
    }
    let sum = 0;
    for (let i = 0; i < size; i++) sum += body(i).next().value;
    return sum;
  },

  async async(size) {
    const body = async (value) => value;
    let sum = 0;
    for (let i = 0; i < size; i++) sum += await body(i);
    return sum;
  },

  async jspi(size) {
    const body = promising();
    let sum = 0;
    for (let i = 0; i < size; i++) sum += await body(i);
    return sum;
  },
};
