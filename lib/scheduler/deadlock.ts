import { hasGuests } from '../realm';
import { setImmediate } from '../timers';
import { count } from '../words';
import { tasksAsleep } from './alive';
import type { Scheduler } from './scheduler';
import type { Task } from './task';

/** The exit code of a process that ends with tasks asleep for ever: the one of Node's unsettled `await`. */
const DEADLOCK_EXIT_CODE = 13;

/** How a deadlock is told; lib/reports.ts knows more of a task than its name. */
export const deadlocks = {
  describe: (asleep: readonly Task[]): string =>
    asleep.map(({ name, waiter }) => `${name}: waits in ${waiter?.what ?? 'nothing'}`).join('\n'),
};

const watched = new Set<Scheduler>();
let isWatching = false;
let loopHasEnded = false;
let reported: ReadonlySet<Task> | undefined;

/**
 * When the event loop has nothing left to do while tasks sleep, nobody will ever wake them: they are reported
 * on stderr, and the exit code tells. Not on `process.exit()`, and not for tasks that were unref'd.
 */
export function watchForDeadlock(scheduler: Scheduler): void {
  loopHasEnded = false;
  if (watched.has(scheduler)) return;
  if (!isWatching) {
    isWatching = true;
    process.on('beforeExit', () => {
      loopHasEnded = true;
      // Somebody else may have found more to do.
      setImmediate(() => {
        loopHasEnded = false;
      }).unref();
    });
    process.on('exit', reportDeadlock);
  }
  // Those that were forgotten are not kept.
  for (const other of watched) if (other.firstAlive === undefined) watched.delete(other);
  watched.add(scheduler);
}

/** Schedulers that have tasks which have not ended, and maybe some others. */
export function watchedSchedulers(): Iterable<Scheduler> {
  return watched;
}

/** At exit: reports the deadlock if there is one, once, and answers whose. */
export function reportDeadlock(): ReadonlySet<Task> {
  if (reported !== undefined) return reported;
  const asleep = loopHasEnded && !hasGuests() ? [...watched].flatMap(tasksAsleep) : [];
  reported = new Set(asleep);
  if (asleep.length === 0) return reported;
  process.stderr.write(
    'greenfiber: deadlock: the event loop is empty, and ' +
      `${count(asleep.length, 'task')} will never go on\n\n` +
      `${deadlocks.describe(asleep)}\n`,
  );
  if (!hasFailed(process.exitCode)) process.exitCode = DEADLOCK_EXIT_CODE;
  return reported;
}

function hasFailed(exitCode: typeof process.exitCode): boolean {
  return exitCode !== undefined && Number(exitCode) !== 0;
}
