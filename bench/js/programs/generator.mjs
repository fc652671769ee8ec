// generator (effect-handlers-bench): walks a full binary tree of height `size` recursively, as an iterator of its
// 2 ** size - 1 values, and sums them.
import { generate } from 'greenfiber';

export const sizes = { test: 8, quick: 21, full: 25 };
export const expected = (size) => 2 ** (size + 1) - size - 2;
export const operations = (size) => 2 ** size - 1;

function make(height) {
  if (height === 0) return undefined;
  const child = make(height - 1);
  return { left: child, value: height, right: child };
}

function sum(values) {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

export const variants = {
  fibers(size) {
    const walk = (tree, emit) => {
      if (tree === undefined) return;
      walk(tree.left, emit);
      emit(tree.value);
      walk(tree.right, emit);
    };
    const tree = make(size);
    return sum(generate((emit) => walk(tree, emit)));
  },

  generators(size) {
    function* walk(tree) {
      if (tree === undefined) return;
      yield* walk(tree.left);
      yield tree.value;
      yield* walk(tree.right);
    }
    return sum(walk(make(size)));
  },
};
