// skynet, nested: a tree of coroutines, ten children each, `size` levels deep. A leaf yields its number and ends; a
// node starts one child after the other and returns their sum. Six levels are 1,111,110 births and deaths,
// 1,000,000 yields and 2,111,110 resumes.
import { Fiber } from 'greenfiber';

export const sizes = { test: 3, quick: 5, full: 6 };
export const expected = (size) => (10 ** size * (10 ** size - 1)) / 2;
export const operations = (size) => (10 * (10 ** size - 1)) / 9; // coroutines

function sky(level, number) {
  if (level === 0) {
    Fiber.yield(number);
    return 0;
  }
  let sum = 0;
  for (let i = 10 * number; i < 10 * number + 10; i++) {
    const child = new Fiber(() => sky(level - 1, i));
    sum += child.resume();
    if (!child.done) child.resume();
  }
  return sum;
}

function* skyOfGenerators(level, number) {
  if (level === 0) {
    yield number;
    return 0;
  }
  let sum = 0;
  for (let i = 10 * number; i < 10 * number + 10; i++) {
    const child = skyOfGenerators(level - 1, i);
    const { value, done } = child.next();
    sum += value;
    if (!done) child.next();
  }
  return sum;
}

async function skyOfAsyncFunctions(level, number) {
  if (level === 0) return number;
  let sum = 0;
  for (let i = 10 * number; i < 10 * number + 10; i++) {
    sum += await skyOfAsyncFunctions(level - 1, i);
  }
  return sum;
}

export const variants = {
  fibers: (size) => sky(size, 0),
  generators: (size) => skyOfGenerators(size, 0).next().value,
  async: (size) => skyOfAsyncFunctions(size, 0),
};
