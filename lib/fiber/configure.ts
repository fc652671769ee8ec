import { runtime } from './fiber';
import { DEFAULT_POOL_SIZE, DEFAULT_STACK_SIZE } from '../native/native';
import { checkInteger, checkObject, checkStackSize } from '../base/validators';

export interface Configuration {
  /** `stackSize` of fibers that name none, in bytes; see {@link FiberOptions.stackSize}. Default 262,144. */
  stackSize?: number;
  /**
   * How many stacks of finished fibers keep their memory for the next fibers (per size). Falls by itself
   * while the program needs fewer. Default 256.
   */
  poolSize?: number;
}

/** @internal */
export const LARGEST_POOL = 1_000_000;

let poolSizeChosen = false;
let stackSizeChosen = false;
const current = { stackSize: DEFAULT_STACK_SIZE, poolSize: DEFAULT_POOL_SIZE };

/**
 * Changes the defaults for fibers started from now on, in this thread.
 *
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`
 */
export function configure(configuration: Configuration): void {
  checkObject('configuration', configuration);
  const { stackSize, poolSize } = configuration;
  if (stackSize !== undefined) checkStackSize('configuration.stackSize', stackSize);
  if (poolSize !== undefined) checkInteger('configuration.poolSize', poolSize, 0, LARGEST_POOL);
  poolSizeChosen ||= poolSize !== undefined;
  stackSizeChosen ||= stackSize !== undefined;
  current.stackSize = stackSize ?? current.stackSize;
  current.poolSize = poolSize ?? current.poolSize;
  if (runtime.engine !== 'none') runtime.addon?.configure(current);
}

/** @internal */
export function configuredStackSize(): number {
  return current.stackSize;
}

/** @internal */
export function configuredPoolSize(): number {
  return current.poolSize;
}

/** @internal What the program configured, or else what whoever asks would have. */
export function stackSizeOr(preferred: number): number {
  return stackSizeChosen ? current.stackSize : preferred;
}

/** @internal Sets the pool's size unless the program has done so. */
export function proposePoolSize(poolSize: number): void {
  if (!poolSizeChosen) configure({ poolSize });
}
