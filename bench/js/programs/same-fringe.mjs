// same fringe: do two trees of different shape have the same leaves in the same order? Both are walked in lockstep
// by plain recursion, which is suspended at every leaf, 100 levels deep. A generator passes each leaf through all
// of those levels with `yield*`.
import { Fiber } from 'greenfiber';

export const sizes = { test: 200, quick: 20_000, full: 500_000 };
export const expected = (size) => size; // leaves found equal
export const operations = (size) => 2 * size; // leaves

const DEPTH = 100;

// The leaves from `first` on, `count` of them: a node divides them in the given proportion, and as long as there
// is depth to spare it has a left child only.
function tree(first, count, share, depth) {
  const levels = Math.ceil(Math.log(count) / -Math.log(Math.max(share, 1 - share))) + 1;
  if (count > 1 && depth > levels) return { left: tree(first, count, share, depth - 1) };
  if (count === 1) return { leaf: first };
  const left = Math.min(count - 1, Math.max(1, Math.floor(count * share)));
  return {
    left: tree(first, left, share, depth - 1),
    right: tree(first + left, count - left, share, depth - 1),
  };
}

let trees;
let leaves = 0;

export function prepare(size) {
  if (leaves === size) return;
  leaves = size;
  trees = [tree(1, size, 1 / 2, DEPTH), tree(1, size, 2 / 5, DEPTH)];
}

// `next` answers a leaf, or 0 at the end.
function equalLeaves(nextOfFirst, nextOfSecond) {
  let equal = 0;
  for (;;) {
    const leaf = nextOfFirst();
    if (leaf !== nextOfSecond()) return -1;
    if (leaf === 0) return equal;
    equal++;
  }
}

export const variants = {
  fibers(size) {
    const walk = ({ leaf, left, right }) => {
      if (leaf !== undefined) return Fiber.yield(leaf);
      walk(left);
      if (right !== undefined) walk(right);
      return 0;
    };
    prepare(size);
    const [first, second] = trees.map((root) => {
      const fiber = new Fiber(() => {
        walk(root);
        return 0;
      });
      return () => fiber.resume();
    });
    return equalLeaves(first, second);
  },

  generators(size) {
    function* walk({ leaf, left, right }) {
      if (leaf !== undefined) yield leaf;
      if (left !== undefined) yield* walk(left);
      if (right !== undefined) yield* walk(right);
    }
    prepare(size);
    const [first, second] = trees.map((root) => {
      const generator = walk(root);
      return () => generator.next().value ?? 0;
    });
    return equalLeaves(first, second);
  },
};
