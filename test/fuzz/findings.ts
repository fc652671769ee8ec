// What a random program may do, and what is a finding.
import { FiberError } from 'greenfiber';

export class Mismatch extends Error {}

export const expect = (holds: boolean, what: string): void => {
  if (!holds) throw new Mismatch(what);
};

/** Raised by the program itself. */
export class Thrown extends Error {}

/** What one of our own calls may throw; anything else is a finding. */
export function tolerated(error: unknown): boolean {
  return (
    error instanceof FiberError ||
    error instanceof Thrown ||
    error instanceof RangeError ||
    // A built-in that was answered something it does not take.
    error instanceof TypeError ||
    error instanceof SyntaxError
  );
}
