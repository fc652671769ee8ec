import type { ExecutionContext } from 'ava';
import { Fiber, FiberError, type FiberErrorCode } from 'greenfiber';

/** Asserts that a call is refused with a FiberError of this code, and answers the error. */
export function refused(
  t: ExecutionContext,
  code: FiberErrorCode,
  call: () => unknown,
): FiberError | undefined {
  return t.throws(call, { instanceOf: FiberError, code });
}

/** Asserts that fibers still work. */
export function stillWorks(t: ExecutionContext): void {
  const fiber = new Fiber<number, number, number>((first) => Fiber.yield<number>(first + 1) * 10);
  t.is(fiber.resume(1), 2);
  t.is(fiber.resume(4), 40);
  t.true(fiber.done);
}
