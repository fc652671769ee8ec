import { FiberError } from '../base/errors';

/** The lock's owner ended, so nobody knows in which state it left what the lock protects. */
export function brokenError(lock: string): FiberError {
  return new FiberError(
    'ERR_LOCK_BROKEN',
    `A task ended while it held the ${lock}, which cannot be used any more: release it in a finally block`,
  );
}

export function notOwnerError(call: string): FiberError {
  return new FiberError(
    'ERR_LOCK_NOT_OWNER',
    `${call}: only the task that holds the lock can do that, and this one does not`,
  );
}

export function reentrantError(call: string): FiberError {
  return new FiberError(
    'ERR_LOCK_REENTRANT',
    `${call}: this task holds the lock already, and would wait for itself for ever`,
  );
}
