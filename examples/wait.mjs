// Waiting for a promise, made of nothing but Fiber.
import { Fiber } from 'greenfiber';

/** Blocks the running fiber, not the thread, until the promise is settled. */
export function wait(promise) {
  const fiber = Fiber.current;
  if (!Fiber.isYieldable()) throw new Error('wait() needs a fiber that it can block');
  promise.then(
    (value) => fiber.resume(value),
    (error) => fiber.throw(error),
  );
  return Fiber.yield();
}

/** Runs `fn` in a fiber of its own and answers the promise of what it returns or throws. */
export function inFiber(fn, name) {
  return new Promise((resolve, reject) => {
    const settle = () => {
      try {
        resolve(fn());
      } catch (error) {
        reject(error);
      }
    };
    new Fiber(settle, { name }).resume();
  });
}
