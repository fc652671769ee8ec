import { Channel, spawn, wait, yieldNow } from 'greenfiber';

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

  // Sleeps, unlike the one above, and pays for a promise that settles in the next microtask.
  'wait of a pending promise': () => async (n) => {
    await spawn(() => {
      for (let i = 0; i < n; i++) wait(Promise.resolve().then(() => undefined));
    });
  },

  // One operation is a number there and back: two sends and two receives.
  'unbuffered channel round trip': () => (n) => {
    const there = new Channel();
    const back = new Channel();
    const echo = spawn(() => {
      for (const value of there) back.send(value);
    });
    const bounce = spawn(() => {
      for (let i = 0; i < n; i++) {
        there.send(i);
        back.receive();
      }
      there.close();
    });
    return Promise.all([echo, bounce]);
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
