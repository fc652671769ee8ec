// The same-fringe problem: do two trees have the same leaves in the same order? Both are walked in lockstep by
// plain recursion, and no further than to the first difference.
import { Fiber } from 'greenfiber';

const leaves = (tree) =>
  new Fiber(function walk(node = tree) {
    if (Array.isArray(node))
      node.forEach((child) => walk(child)); // suspends through forEach
    else Fiber.yield(node);
  });

function firstDifference(one, other) {
  const [a, b] = [leaves(one), leaves(other)];
  try {
    for (let position = 0; ; position++) {
      const [left, right] = [a.next(), b.next()];
      if (left.done && right.done) return undefined;
      if (left.value !== right.value) return { position, left: left.value, right: right.value };
    }
  } finally {
    a.return();
    b.return();
  }
}

const balanced = [
  [
    [1, 2],
    [3, 4],
  ],
  [
    [5, 6],
    [7, 8],
  ],
];
const leaning = [1, [2, [3, [4, [5, [6, [7, [8]]]]]]]];

console.log('the same leaves:', firstDifference(balanced, leaning) === undefined);
console.log('with 5 and 6 swapped:', firstDifference(balanced, [1, 2, 3, 4, [6, 5], 7, 8]));
