// resume_nontail (effect-handlers-bench): `size` effects whose handler does something with what resume answers, so
// that as many resumes wait for each other; 1000 times. They wait on the stack of a big fiber.
import { effect, Fiber, handle, on } from 'greenfiber';

const ROUNDS = 1000;

export const sizes = { test: 20, quick: 1000, full: 10_000 };
export const expected = (size) => repeat((state) => nested(size, state));
export const operations = (size) => ROUNDS * size;

function repeat(run) {
  let state = 0;
  for (let i = 0; i < ROUNDS; i++) state = run(state);
  return state;
}

const step = (x, y) => Math.abs(x - 503 * y + 37) % 1009;

// What the handlers compute, from the innermost out.
function nested(size, state) {
  for (let x = 1; x <= size; x++) state = step(x, state);
  return state;
}

export const variants = {
  fibers(size) {
    const Operator = effect('Operator');
    const run = (state) =>
      handle(
        () => {
          for (let i = size; i > 0; i--) Operator.perform(i);
          return state;
        },
        on(Operator, (x, k) => step(x, k.resume())),
      );
    return new Fiber(() => repeat(run), { stackSize: 16 * 1024 * 1024 }).resume();
  },
};
