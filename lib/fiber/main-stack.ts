import { stateOf, type FiberState } from './fiber-state';
import { showAs } from '../base/look';
import { runtime } from '../native/runtime';

/**
 * The stack that a thread begins with, as far as it takes part in transfers. It is no fiber: nobody resumes it, and
 * it does not end.
 */
export class MainStack {
  /**
   * Leaves the running fiber for the main stack, which has transferred away: its {@link Fiber.transfer} returns
   * `value`. Returns what the fiber is given when it is transferred to. On the main stack itself, returns
   * `value`.
   *
   * @throws {@link FiberError} `ERR_FIBER_TRANSFER` where the main stack waits for a fiber that it resumed, and
   * where a handled body would be left; `ERR_FIBER_NOT_YIELDABLE`
   */
  transfer(value?: unknown): unknown {
    return runtime.fibers.transferToMain(value);
  }

  /** `resuming` waits for a fiber that it resumed, `suspended` transferred away. */
  get state(): Exclude<FiberState, 'created' | 'finished'> {
    return stateOf(runtime.fibers.mainState()) as 'running';
  }
}

showAs(MainStack, ({ state }) => ({ state }));
