// skynet, concurrent: every node starts its ten children at once and waits for their sums, so that with six levels
// more than a million tasks are alive.
import { spawn } from 'greenfiber';

export const sizes = { test: 3, quick: 5, full: 6 };
export const expected = (size) => (10 ** size * (10 ** size - 1)) / 2;
export const operations = (size) => (10 * (10 ** size - 1)) / 9; // tasks

function sky(level, number) {
  if (level === 0) return number;
  const children = [];
  for (let i = 0; i < 10; i++) children.push(spawn(sky, level - 1, 10 * number + i));
  let sum = 0;
  for (const child of children) sum += child.join();
  return sum;
}

async function skyOfAsyncFunctions(level, number) {
  await undefined; // begins later, as a task does
  if (level === 0) return number;
  const children = [];
  for (let i = 0; i < 10; i++) children.push(skyOfAsyncFunctions(level - 1, 10 * number + i));
  let sum = 0;
  for (const child of children) sum += await child;
  return sum;
}

export const variants = {
  fibers: (size) => spawn(sky, size, 0),
  async: (size) => skyOfAsyncFunctions(size, 0),
};
