/**
 * Stackful fibers for Node.js.
 *
 * @packageDocumentation
 */
import { isServedByAnotherCopy } from './base/copies';

// @ts-expect-error -- a CommonJS module is a function, and can end here
if (isServedByAnotherCopy(module)) return;

import { runtime } from './fiber/fiber';
import { debugIfAskedTo } from './inspect/reports';

export { all } from './everyday/all';
export { any } from './everyday/any';
export { every } from './everyday/every';
export { fetch } from './everyday/fetch';
export { iterate } from './everyday/iterate';
export { map, type MapOptions } from './everyday/map';
export { race } from './everyday/race';
export { rateLimit, type RateLimit } from './everyday/rate-limit';
export { retry, type RetryOptions } from './everyday/retry';
export { configure, type Configuration } from './fiber/configure';
export { type FiberErrorCode } from './base/error-codes';
export { AbortError, CpuLimitError, FiberError, FiberKilled, TimeoutError } from './base/errors';
export { effect, type Effect } from './effects/effect';
export { type Continuation } from './effects/continuation';
export { answer, handle, on, type Clause } from './effects/handle';
export { type TailCall } from './effects/tail-call';
export { Fiber } from './fiber/fiber';
export { type FiberState } from './fiber/fiber-state';
export { generate } from './effects/generate';
export { FiberLocal } from './scheduler/fiber-local';
export { type MainStack } from './fiber/main-stack';
export { type FiberOptions } from './base/validators';
export { now, sleep, yieldNow } from './scheduler/blocking';
export { cpuLimit } from './scheduler/cpu-limit';
export { group, type Group } from './scheduler/group';
export { abortable, deadline, shield, timeout, type TimeLimit } from './scheduler/limits';
export { Scheduler } from './scheduler/scheduler';
export { type SchedulerOptions, type SchedulerStats } from './scheduler/scheduler-options';
export { type SlowTask, type SlowTaskListener } from './scheduler/slow-tasks';
export { fiberize, spawn } from './scheduler/spawn';
export { type TaskStatus } from './scheduler/phase';
export { type SpawnOptions } from './scheduler/spawn-options';
export { currentSignal, currentTask, type Task } from './scheduler/task';
export { sync, wait } from './scheduler/wait';
export { Barrier } from './sync/barrier';
export { Channel, type Received } from './sync/channel';
export { Condition } from './sync/condition';
export { Event } from './sync/event';
export { Mutex, type LockGuard } from './sync/mutex';
export { Once } from './sync/once';
export { RwLock } from './sync/rw-lock';
export {
  select,
  type SelectCase,
  type Selected,
  type SelectedDefault,
  type SelectedValue,
} from './sync/select';
export { Semaphore } from './sync/semaphore';
export { WaitGroup } from './sync/wait-group';
export { stats, type Stats } from './inspect/stats';

debugIfAskedTo();

/**
 * What switches stacks: `direct` (greenfiber archives V8's per-stack state itself), `locker` (every fiber is a
 * thread to V8; slower) or `none`. The environment variable `GREENFIBER_ENGINE` asks for one of the first two.
 */
export const engine: 'direct' | 'locker' | 'none' = runtime.engine;

/** Whether fibers can run here. Where they cannot, `new Fiber` throws `ERR_FIBER_UNSUPPORTED` and says why. */
export const isSupported: boolean = runtime.engine !== 'none';
