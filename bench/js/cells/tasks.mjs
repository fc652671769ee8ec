import { spawn, wait, yieldNow } from 'greenfiber';

// A cell is timed until the promise of a task is settled.
export default {
  // One operation is one hand-over.
  'yieldNow, two tasks': () => (n) => {
    const body = () => {
      for (let i = 0; i < n; i += 2) yieldNow();
    };
    return Promise.all([spawn(body), spawn(body)]);
  },

  'wait of a resolved promise': () => {
    const promise = Promise.resolve(1);
    return async (n) => {
      await spawn(() => {
        for (let i = 0; i < n; i++) wait(promise);
      });
    };
  },

  'spawn + join of an empty task': () => {
    const body = () => undefined;
    return async (n) => {
      await spawn(() => {
        for (let i = 0; i < n; i++) spawn(body).join();
      });
    };
  },
};
