import { isCancellation } from 'greenfiber/lowlevel';

import type { Tags } from './registry';
import type { VirtualUser } from './vu';

/** What was counted where it happened, and is not to be counted again when it ends an iteration. */
const counted = new WeakSet<object>();

/** Counts what was thrown by its kind, once. That the user was told to end is nobody's error. */
export function countError(user: VirtualUser, error: unknown, tags: Tags): void {
  if (isCancellation(error)) return;
  if (typeof error === 'object' && error !== null) {
    if (counted.has(error)) return;
    counted.add(error);
  } else {
    if (user.counted === error && error !== undefined) return;
    user.counted = error;
  }
  user.context.recorder.error(error, tags);
}
