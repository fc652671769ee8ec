/**
 * Where a promise can be waited for outside of tasks: in fibers of `greenfiber/fibers`, which fills this when it is loaded.
 */
export const elsewhere: {
  canWait: () => boolean;
  wait: (promise: PromiseLike<unknown>) => unknown;
} = {
  canWait: () => false,
  wait: () => undefined,
};
