import { FiberError } from '../base/errors';
import { runtime } from '../fiber/fiber';
import { current, ignoreSwitches, observeSwitches } from './current';
import { channels, publish } from './diagnostics';
import { nameGivenTo, type Task } from './task';

// By names of their own: see lib/fiber/fiber.ts.
const { slowFrames, watchSlowTasks: watchNatively } = runtime.fibers;

/** A task that held the thread for too long. */
export interface SlowTask {
  readonly task: Task;
  /** For how many milliseconds it held the thread in the end. */
  readonly ms: number;
  /** Where it was when it had held it for too long: frames, one a line, of the fiber that ran. */
  readonly stack: string;
}

export type SlowTaskListener = (slow: SlowTask) => void;

/** Who is told of tasks that hold the thread for so many milliseconds; see {@link watchSlowTasks}. */
interface Watch {
  readonly ms: number;
  readonly listener: SlowTaskListener | undefined;
}

const watches = new Set<Watch>();

/** As enum Slot in src-native/fiber/slow_tasks.h. */
const Slot = { switches: 0, task: 1, reported: 2, held: 3 } as const;
const shared = new Float64Array(4) as Float64Array & Record<0 | 1 | 2 | 3, number>;
const nameOfRunning: [string | undefined] = [undefined];
/** Milliseconds on the thread that are too long, where nobody says another number. */
export const SLOW_TASK_MS = 50;

/**
 * From now on `listener` is told of each task that holds the thread for `ms` milliseconds or more, in a microtask after
 * it has given way. Its stack is taken before, when the shortest time that anybody watches has run out. Without a listener
 * it is written to stderr, then and there. Returns how to end that.
 *
 * @throws {@link FiberError} `ERR_FIBER_UNSUPPORTED` where no thread can be had to watch the time
 */
export function watchSlowTasks(ms: number, listener: SlowTaskListener | undefined): () => void {
  const watch = { ms, listener };
  watches.add(watch);
  try {
    update();
  } catch (error) {
    watches.delete(watch);
    throw error;
  }
  return () => {
    if (watches.delete(watch)) update();
  };
}

function update(): void {
  const shortest = Math.min(Infinity, ...Array.from(watches, ({ ms }) => ms));
  const writes = [...watches].some(({ listener }) => listener === undefined);
  if (!watchNatively(shared, nameOfRunning, shortest, writes)) {
    throw new FiberError(
      'ERR_FIBER_UNSUPPORTED',
      'Slow tasks cannot be found: there is no thread to be had that watches the time. Allow the process more threads',
    );
  }
  if (shortest === Infinity) ignoreSwitches(switched);
  else observeSwitches(switched);
  if (current.task !== undefined) switched(undefined, current.task);
}

function switched(from: Task | undefined, to: Task | undefined): void {
  if (shared[Slot.reported] !== 0 && from !== undefined) report(from);
  shared[Slot.switches]++;
  shared[Slot.task] = to === undefined ? 0 : to.id;
  nameOfRunning[0] = to === undefined ? undefined : nameGivenTo(to);
}

/** This is the middle of a switch: others' functions are called when it is over. */
function report(task: Task): void {
  const stack = slowFrames();
  const slow: SlowTask = { task, ms: shared[Slot.held], stack };
  for (const { ms, listener } of watches) {
    if (listener !== undefined && slow.ms >= ms) tell(listener, slow);
  }
  if (channels.slow.hasSubscribers) tell(publishSlow, slow);
}

function tell(listener: SlowTaskListener, slow: SlowTask): void {
  queueMicrotask(() => {
    listener(slow);
  });
}

const publishSlow: SlowTaskListener = (slow) => {
  publish('slow', slow);
};

/** The listener of those who have none of their own. */
export function warnAboutSlowTask({ task, ms, stack }: SlowTask): void {
  process.emitWarning(
    `${task.name} held the thread for ${ms.toFixed(0)} ms: let it call yieldNow() now and then`,
    {
      type: 'SlowTaskWarning',
      code: 'GREENFIBER_SLOW_TASK',
      detail: `It was in\n${stack}`,
    },
  );
}
