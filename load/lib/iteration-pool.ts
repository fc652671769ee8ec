import type { Load } from './load';
import { highestLevel } from './stages';
import { shareOf, type Part } from './part';

/**
 * The iterations that are left. Threads take from one pool, in shared memory: whoever is free does the next one, so all
 * are done, however the users are spread.
 */
export class IterationPool {
  /** What is left; undefined where there is no end. */
  readonly left: BigInt64Array | undefined;

  /** @param left - another thread's */
  constructor(left: BigInt64Array | undefined) {
    this.left = left;
  }

  /** For a shard: its part of the iterations. Machines share no memory. */
  static of(load: Load, shard: Part): IterationPool {
    const { iterations, iterationsPerVu } = load;
    if (iterations === Infinity) return new IterationPool(undefined);
    const left = new BigInt64Array(new SharedArrayBuffer(8));
    const own =
      iterationsPerVu === Infinity
        ? shareOf(iterations, withUsers(load, shard))
        : iterationsPerVu * shareOf(load.start, shard);
    left[0] = BigInt(own);
    return new IterationPool(left);
  }

  get exhausted(): boolean {
    return this.left !== undefined && Atomics.load(this.left, 0) <= 0n;
  }

  /** Takes one; false when none is left. */
  take(): boolean {
    return this.left === undefined || Atomics.sub(this.left, 0, 1n) > 0n;
  }
}

/** A shard that has no users does no iterations: the others do them. */
function withUsers(load: Load, { index, count }: Part): Part {
  if (load.model === 'open') return { index, count };
  return { index, count: Math.max(1, Math.min(count, Math.floor(highestLevel(load)))) };
}
