import { configure, configuredPoolSize, LARGEST_POOL, proposePoolSize } from '../fiber/configure';
import { checkInteger } from '../base/validators';

proposePoolSize(120);

let waiting = 0;
let created = 0;

/** `Fiber.poolSize` */
export const getPoolSize = configuredPoolSize;

/** Converts as `fibers` does. Programs set 1e9 to keep every stack. */
export function setPoolSize(value: unknown): void {
  const size = Math.min(Math.trunc(Number(value)), LARGEST_POOL);
  checkInteger('Fiber.poolSize', size, 0, LARGEST_POOL);
  configure({ poolSize: size });
}

/**
 * `Fiber.fibersCreated`. `fibers` counts the stacks it allocates, which it does when none of a finished fiber
 * waits in its pool. Counted here by the same rule: greenfiber's stacks serve its other fibers as well.
 */
export function fibersCreated(): number {
  return created;
}

/** A fiber has started. */
export function takeStack(): void {
  if (waiting > 0) waiting--;
  else created++;
}

/** A fiber has ended. */
export function releaseStack(): void {
  if (waiting < configuredPoolSize()) waiting++;
}
