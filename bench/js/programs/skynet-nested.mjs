// Skynet, nested: a tree of ten children each; a leaf yields its number, every other node the sum of its
// children, which it makes one after the other. Level 6 has 1,111,110 fibers below its root, of which 1,000,000
// are leaves. Nearly every fiber begins on the stack that the one before it has left.
import { Fiber } from 'greenfiber';

export const sizes = { quick: 4, full: 6 };

// The leaves are numbered from 0.
export const expected = (level) => (10 ** level * (10 ** level - 1)) / 2;

function sky(level, num) {
  if (level === 0) {
    Fiber.yield(num);
    return 0;
  }
  let sum = 0;
  for (let i = 10 * num; i < 10 * num + 10; i++) {
    const child = new Fiber(() => sky(level - 1, i));
    sum += child.resume();
    if (level === 1) child.resume();
  }
  return sum;
}

function* skyGenerator(level, num) {
  if (level === 0) {
    yield num;
    return 0;
  }
  let sum = 0;
  for (let i = 10 * num; i < 10 * num + 10; i++) {
    const child = skyGenerator(level - 1, i);
    sum += child.next().value;
    if (level === 1) child.next();
  }
  return sum;
}

async function skyAsync(level, num) {
  if (level === 0) return num;
  let sum = 0;
  for (let i = 10 * num; i < 10 * num + 10; i++) sum += await skyAsync(level - 1, i);
  return sum;
}

export const variants = {
  fibers: (level) => sky(level, 0),
  generators(level) {
    return skyGenerator(level, 0).next().value;
  },
  async: (level) => skyAsync(level, 0),
};
