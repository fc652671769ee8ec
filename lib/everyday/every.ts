import { wrongNumber } from '../base/validators';
import { currentClock } from '../lowlevel/current-clock';
import { sleep } from '../scheduler/blocking';

/**
 * Ticks every `ms` milliseconds, in a task: each step of the loop sleeps until the next tick. The first comes after `ms`, and
 * they keep their distance from the beginning, however long the loop's body takes. Ticks that it misses are left out; a
 * tick's value is its number, from 1, so that a gap shows.
 *
 * ```js
 * for (const tick of every(1000)) console.log(tick, stats());
 * ```
 *
 * The loop throws {@link FiberError} `ERR_FIBER_NOT_IN_FIBER` outside of tasks, and the reason of a cancelled scope.
 *
 * @param ms - from 1; `Infinity` never ticks
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`
 */
export function every(ms: number): Generator<number, never, undefined> {
  if (typeof ms !== 'number' || !(ms >= 1)) {
    throw wrongNumber('ms', 'a number of milliseconds from 1', ms);
  }
  return ticks(ms);
}

function* ticks(ms: number): Generator<number, never, undefined> {
  const clock = currentClock();
  const start = clock.now();
  for (let tick = 1; ; tick++) {
    const elapsed = clock.now() - start;
    if (ms !== Infinity) tick = Math.max(tick, Math.floor(elapsed / ms));
    sleep(Math.max(0, tick * ms - elapsed));
    yield tick;
  }
}
