/**
 * Stackful fibers for Node.js.
 *
 * @packageDocumentation
 */
import { runtime } from './fiber';
import { debugIfAskedTo } from './inspect/debug';
import { verifyEngine } from './self-test';

export { configure, type Configuration } from './configure';
export { AbortError, FiberError, FiberKilled, TimeoutError, type FiberErrorCode } from './errors';
export { Fiber, type FiberOptions, type FiberState } from './fiber';
export { now, sleep, yieldNow } from './scheduler/blocking';
export { group, type Group } from './scheduler/group';
export { abortable, deadline, shield, timeout, type TimeLimit } from './scheduler/limits';
export { Scheduler, type SchedulerOptions, type SchedulerStats } from './scheduler/scheduler';
export { fiberize, spawn } from './scheduler/spawn';
export { currentTask, type Task, type TaskStatus } from './scheduler/task';
export { sync, wait } from './scheduler/wait';
export { stats, type Stats } from './stats';

verifyEngine();
debugIfAskedTo();

/**
 * What switches stacks: `direct` (greenfiber archives V8's per-stack state itself), `locker` (every fiber is a
 * thread to V8; slower) or `none`. The environment variable `GREENFIBER_ENGINE` asks for one of the first two.
 */
export const engine: 'direct' | 'locker' | 'none' = runtime.engine;

/** Whether fibers can run here. Where they cannot, `new Fiber` throws `ERR_FIBER_UNSUPPORTED` and says why. */
export const isSupported: boolean = runtime.engine !== 'none';
