/** What is told of a pool of threads, apart from its users: of OffloadStats in offload/offload.ts, which explains each. */
interface ThreadPool {
  stats(): {
    readonly threads: number;
    readonly calls: number;
    readonly batches: number;
    readonly underWay: number;
    readonly failed: number;
    readonly cancelled: number;
    readonly js: {
      readonly workers: number;
      readonly calls: number;
      readonly queued: number;
      readonly running: number;
      readonly cancelled: number;
    };
  };
}

/**
 * The pools of threads that there are: who makes them and who tells of them know nothing of each other. One that has
 * closed leaves what it counted.
 */
export const threadPools = {
  open: new Set<ThreadPool>(),
  closed: { calls: 0, javaScriptCalls: 0, batches: 0, failed: 0, cancelled: 0 },
};
