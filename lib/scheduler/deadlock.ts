import { hasGuests } from '../base/realm';
import { instruments } from '../fiber/instruments';
import { setImmediate } from '../base/timers';
import { count } from '../base/words';
import { stopTrimming } from '../native/idle';
import { tasksAsleep } from './alive';
import { LONGEST_TIMER_MS, type KeepAlive } from './clock';
import { channels, publish } from './diagnostics';
import type { Scheduler } from './scheduler';
import type { Task } from './task';
import type { Waiter } from './waiter';

/** The exit code of a process that ends with tasks asleep for ever: the one of Node's unsettled `await`. */
const DEADLOCK_EXIT_CODE = 13;

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
      if (waitForTimers()) return;
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

/** How often, and from the second time on how long, timers may go off in vain: some go off for ever. */
const MOST_VAIN_WAITS = 10;
const LONGEST_VAIN_WAITS_MS = 60_000;
let vainWaits = 0;
let vainMs = 0;
/** Node's clock may be so much behind. */
const LATE_MS = 60_000;
let isFresh = false;
const noop = (): void => undefined;
/** Sleeps that were looked at, and what marks those that go on: it is taken off when a sleep ends. */
const seen = new WeakSet<Waiter>();
const mark: KeepAlive = { keepAlive: noop };

/**
 * A timer that keeps no process alive, as that of `AbortSignal.timeout`, may wake a task that sleeps: as long as
 * there is one, the process waits for it on that task's behalf. Returns whether it does.
 */
function waitForTimers(): boolean {
  if (hasGuests()) return false; // what a test file left asleep keeps no runner
  const asleep = [...watched].flatMap(tasksAsleep);
  if (asleep.length === 0) return false;
  stopTrimming(); // a timer of our own, which wakes nobody
  isFresh = !isFresh;
  if (isFresh) {
    // Node's clock may be set for a timer that was cleared since. When it rings, it is set anew.
    setTimeout(noop, 1);
    return true;
  }
  const inVain = asleep.filter(fellAsleep).length === 0;
  vainWaits = inVain ? vainWaits + 1 : 0;
  if (!inVain) vainMs = 0;
  const due =
    vainWaits < MOST_VAIN_WAITS && vainMs < LONGEST_VAIN_WAITS_MS ? nextTimer() : undefined;
  if (due === undefined) return false;
  vainMs += due;
  setTimeout(noop, due);
  return true;
}

/** Whether it has gone on since this was asked the last time. */
function fellAsleep({ waiter }: Task): boolean {
  if (waiter === undefined || (seen.has(waiter) && waiter.keeper !== undefined)) return false;
  seen.add(waiter);
  waiter.keeper ??= mark;
  return true;
}

/** Milliseconds until the next timer of Node's goes off, if there is one. Only its report tells. */
function nextTimer(): number | undefined {
  const { report } = process as { report?: NodeJS.ProcessReport & { excludeNetwork?: boolean } };
  if (report === undefined) return undefined;
  const { excludeNetwork } = report;
  report.excludeNetwork = true; // or it would ask for the names of peers
  // It is known by a timer that keeps the process alive: V8's own tasks have others, which do not.
  const probe = setTimeout(noop, LONGEST_TIMER_MS);
  try {
    const { libuv } = report.getReport() as { libuv: LibuvHandle[] };
    const clock = libuv.find((handle) => handle.type === 'timer' && handle.is_referenced);
    if (clock === undefined || clock.firesInMsFromNow > LONGEST_TIMER_MS - LATE_MS)
      return undefined;
    return Math.max(0, clock.firesInMsFromNow);
  } catch {
    return undefined;
  } finally {
    clearTimeout(probe);
    if (excludeNetwork !== undefined) report.excludeNetwork = excludeNetwork;
  }
}

/** As Node's report tells of one. */
interface LibuvHandle {
  type: string;
  is_referenced: boolean;
  firesInMsFromNow: number;
}

/** Schedulers that have tasks which have not ended, and maybe some others. */
export function watchedSchedulers(): Iterable<Scheduler> {
  return watched;
}

/** At exit: reports the deadlock if there is one, once, and returns whose. */
export function reportDeadlock(): ReadonlySet<Task> {
  if (reported !== undefined) return reported;
  const asleep = loopHasEnded && !hasGuests() ? [...watched].flatMap(tasksAsleep) : [];
  reported = new Set(asleep);
  if (asleep.length === 0) return reported;
  if (channels.deadlock.hasSubscribers) publish('deadlock', { tasks: asleep });
  process.stderr.write(
    'greenfiber: deadlock: the event loop is empty, and ' +
      `${count(asleep.length, 'task')} will never go on\n\n` +
      `${instruments.describeDeadlock?.(asleep) ?? ''}\n`,
  );
  if (!hasFailed(process.exitCode)) process.exitCode = DEADLOCK_EXIT_CODE;
  return reported;
}

function hasFailed(exitCode: typeof process.exitCode): boolean {
  return exitCode !== undefined && Number(exitCode) !== 0;
}
