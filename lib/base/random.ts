// Ours, whatever a program does to its own.
const { imul } = Math;

export const LARGEST_SEED = 2 ** 32 - 1;

/** Numbers from 0 to 1 that depend on the seed alone (Tommy Ettinger's Mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function randomSeed(): number {
  return Math.floor(Math.random() * LARGEST_SEED);
}
