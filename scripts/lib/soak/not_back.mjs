// What a server has kept that it should have given back.

const MB = 2 ** 20;

// What is counted has to come back to the last one. Bytes may grow by what allocators and caches keep.
const slack = {
  fibers: () => 0,
  active: () => 0,
  descriptors: () => 0,
  heapUsed: (before) => 8 * MB + before * 0.1,
  external: (before) => 8 * MB + before * 0.1,
  rss: (before) => 128 * MB + before * 0.25,
};

/** Sentences, none if all came back. Both arguments are what test/soak/server.cjs measures. */
export function notBack(before, after) {
  return Object.entries(slack)
    .filter(([name, allowed]) => after[name] > before[name] + allowed(before[name]))
    .map(([name]) => `${name}: ${before[name]} before, ${after[name]} after`);
}
