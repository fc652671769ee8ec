/** One of several that share a load: worker threads, machines. */
export interface Part {
  /** From 0. */
  readonly index: number;
  readonly count: number;
}

/** What is a part's of a number that all share. */
export function shareOf(total: number, { index, count }: Part): number {
  if (total === Infinity) return Infinity;
  if (index >= count) return 0;
  return Math.floor(total / count) + (index < total % count ? 1 : 0);
}
