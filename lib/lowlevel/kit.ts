// What blocking primitives are built of, inside and outside: the public names of greenfiber/lowlevel.
export { isError, messageOf } from '../base/errors';
export { isCancellation } from '../scheduler/cancellation';
export {
  checkDuration,
  checkFunction,
  checkInteger,
  checkMoment,
  checkObject,
  wrongNumber,
  wrongType,
  wrongValue,
} from '../base/validators';
export { realClock, type Clock, type KeepAlive, type Timer } from '../scheduler/clock';
export { blockingTask, runningTask } from '../scheduler/current';
export { Hold, type Breakable } from '../scheduler/hold';
export { settled } from '../scheduler/settled';
export { WaitQueue, type Place } from '../scheduler/wait-queue';
export { Waiter } from '../scheduler/waiter';
export { currentClock } from './current-clock';
