import timers from 'node:timers';

/** Node's own, whatever fake timers a test puts in their place later: what greenfiber does between tasks goes on. */
export const { clearInterval, setImmediate, setInterval } = timers;
