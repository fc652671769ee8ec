import { LARGEST_SEED, randomSeed } from '../base/random';
import {
  checkDuration,
  checkFunction,
  checkInteger,
  checkObject,
  wrongNumber,
} from '../base/validators';
import type { Clock } from './clock';
import { checkCpuLimit } from './cpu-limit';
import { SLOW_TASK_MS, warnAboutSlowTask, type SlowTaskListener } from './slow-tasks';
import type { ReadyQueue } from './task-queue';

export interface SchedulerOptions {
  /** Milliseconds that tasks may run before the event loop gets its turn. Default 5. */
  slice?: number;
  /** Where the choices of {@link select} come from, a whole number. Default: drawn at random. */
  seed?: number;
  /** Milliseconds of processor time that each task may use, as with {@link cpuLimit}. Default: any. */
  cpuLimit?: number;
  /**
   * Milliseconds that a task may hold the thread before {@link onSlowTask} is told of it. Default: any; with
   * `onSlowTask`, 50.
   */
  slowTask?: number;
  /** Called when a slow task has given way, with where it was when it became one. Default: a process warning. */
  onSlowTask?: SlowTaskListener;
}

export interface SchedulerStats {
  /** Tasks that wait for their turn. */
  readonly ready: number;
  /** Tasks that have not ended. */
  readonly alive: number;
  /** Tasks spawned so far. */
  readonly spawned: number;
  /** How often the event loop let tasks run. */
  readonly turns: number;
  /**
   * Milliseconds that tasks ran before the event loop got its turn, at most. What other code does between two turns does
   * not count, unless they are of many short ones in a row.
   */
  readonly longestTurn: number;
}

/** The parts that a simulation replaces. */
export interface SchedulerParts {
  clock?: Clock;
  ready?: ReadyQueue;
  /** Told of the error of a task that nobody joins; by default it is an unhandled rejection. */
  onUnobserved?: (error: unknown) => void;
}

/** All options, with what they are by default. */
export function checkSchedulerOptions(options: SchedulerOptions): Required<SchedulerOptions> {
  checkObject('options', options);
  const { slice = 5, seed = randomSeed(), cpuLimit = Infinity, onSlowTask } = options;
  const { slowTask = onSlowTask === undefined ? Infinity : SLOW_TASK_MS } = options;
  checkDuration('options.slice', slice);
  if (slice === 0) throw wrongNumber('options.slice', 'a number of milliseconds above 0', slice);
  checkInteger('options.seed', seed, 0, LARGEST_SEED);
  checkCpuLimit('options.cpuLimit', cpuLimit);
  checkDuration('options.slowTask', slowTask);
  if (onSlowTask !== undefined) checkFunction('options.onSlowTask', onSlowTask);
  return { slice, seed, cpuLimit, slowTask, onSlowTask: onSlowTask ?? warnAboutSlowTask };
}
