const inside = require('../../dist/base/random') as { random: (seed: number) => () => number };

/** Numbers from 0 to 1 that depend on the seed alone. */
export const randomFrom = inside.random;

/** The same as whole numbers below a bound. */
export function randomBelow(seed: number): (bound: number) => number {
  const random = randomFrom(seed);
  return (bound) => Math.floor(random() * bound);
}
