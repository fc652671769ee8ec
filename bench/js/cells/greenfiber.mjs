import { Fiber } from 'greenfiber';

function sleepForever() {
  for (;;) Fiber.yield();
}

function atDepth(depth, body) {
  if (depth === 1) return body();
  return atDepth(depth - 1, body) + 1; // not a tail call: the frame stays
}

const resume = (fiber) => {
  fiber.resume();
  return (n) => {
    for (let i = 0; i < n; i++) fiber.resume(i);
  };
};

const roundTripAt = (depth) => () => resume(new Fiber(() => atDepth(depth, sleepForever)));

export default {
  'resume + yield': () => resume(new Fiber(sleepForever)),

  'yield at call depth 1': roundTripAt(1),

  'yield at call depth 100': roundTripAt(100),

  'yield at call depth 1000': roundTripAt(1000),

  'spawn + finish, pooled stack': () => {
    const body = (value) => value;
    return (n) => {
      for (let i = 0; i < n; i++) new Fiber(body).resume(i);
    };
  },

  'throw into a fiber': () => {
    const fiber = new Fiber(() => {
      for (;;) {
        try {
          Fiber.yield();
        } catch {
          // The next round.
        }
      }
    });
    const error = new Error('crosses');
    fiber.resume();
    return (n) => {
      for (let i = 0; i < n; i++) fiber.throw(error);
    };
  },

  'error out of a fiber': () => {
    const body = (error) => {
      throw error;
    };
    return (n) => {
      for (let i = 0; i < n; i++) {
        try {
          new Fiber(body).resume(undefined); // nothing to splice a stack trace into
        } catch {
          // The next round.
        }
      }
    };
  },
};
