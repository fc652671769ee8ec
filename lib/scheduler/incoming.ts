/**
 * Who knows what was done for sleeping tasks on other threads, while there may be anything. A scheduler asks
 * before it lets the event loop go on, so that what has been done already need not come by the event loop.
 */
export const incoming: {
  /**
   * Makes those ready whose work is done, and answers whether there were any; asked again until there are none, or
   * with `look` false, which only says that the event loop goes on.
   */
  collect: ((look: boolean) => boolean) | undefined;
} = { collect: undefined };
