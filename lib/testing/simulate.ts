import { AbortError, FiberError, messageOf, nameErrors } from '../base/errors';
import { describeTask } from '../inspect/describe';
import { formatTask } from '../inspect/format';
import { checkFunction, checkInteger, checkObject, wrongValue } from '../base/validators';
import { LARGEST_SEED, randomSeed } from '../base/random';
import { aliveTasks, tasksAsleep } from '../scheduler/alive';
import { realClock } from '../scheduler/clock';
import { describeDeadlock } from '../inspect/deadlock';
import { Scheduler } from '../scheduler/scheduler';
import type { Task } from '../scheduler/task';
import { PrioritySchedule, RandomSchedule, type Schedule } from './schedules';
import { VirtualClock } from './virtual-clock';

export interface SimulateOptions {
  /** Where the first schedule's decisions come from, a whole number. Default: drawn at random. */
  seed?: number;
  /** How many schedules are tried, each with the next seed. Default 100. */
  schedules?: number;
  /** `virtual` (default) jumps to the next timer when nothing else can go on; `real` waits for it. */
  clock?: 'virtual' | 'real';
}

/** What {@link simulate} did when nothing failed. */
export interface SimulationReport {
  /** The seed of the first schedule. */
  readonly seed: number;
  /** Schedules that were tried. */
  readonly schedules: number;
  /** Decisions who goes on, in all of them. */
  readonly steps: number;
}

/** A schedule failed: `cause` is the error, and `seed` replays it. */
export class SimulationError extends FiberError {
  /** `simulate(fn, { seed, schedules: 1 })` fails in the same way. */
  readonly seed: number;

  constructor(seed: number, tried: number, cause: unknown) {
    super(
      'ERR_SIMULATION_FAILED',
      `Schedule ${String(tried)} failed: ${messageOf(cause)}. ` +
        `Replay it with { seed: ${String(seed)}, schedules: 1 }`,
      { cause },
    );
    this.seed = seed;
  }

  static {
    nameErrors(this, 'SimulationError');
  }
}

/** Decisions that a schedule is taken to need before one has been tried. */
const EXPECTED_STEPS = 50;

/**
 * Runs `fn` in a task of a scheduler of its own, again and again, and lets chance decide at every switch which
 * ready task goes on: half of the schedules uniformly, half by priorities. Time is virtual, so sleeping costs
 * none. An error of `fn`, an error of a task that nobody joins, a deadlock, and a task that is left when `fn` has
 * ended, all fail. `fn` must do nothing that depends on anything but its own tasks, or a seed does not replay it.
 *
 * With the virtual clock, a task may wait for promises that other tasks or microtasks settle; one that waits for
 * the outside world is taken for a deadlock. With the real clock, deadlocks are not noticed.
 *
 * @throws {@link SimulationError} with the seed of the schedule that failed; {@link FiberError}
 * `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`
 */
export async function simulate(
  fn: () => unknown,
  options: SimulateOptions = {},
): Promise<SimulationReport> {
  checkFunction('fn', fn);
  checkObject('options', options);
  const { seed = randomSeed(), schedules = 100, clock = 'virtual' } = options;
  checkInteger('options.seed', seed, 0, LARGEST_SEED);
  checkInteger('options.schedules', schedules, 1, 1e9);
  if (!['virtual', 'real'].includes(clock)) {
    throw wrongValue('options.clock', '"virtual" or "real"', clock);
  }
  let steps = 0;
  for (let tried = 0; tried < schedules; tried++) {
    const scheduleSeed = (seed + tried) % (LARGEST_SEED + 1);
    const simulation = new Simulation(scheduleSeed, clock);
    try {
      await simulation.run(fn);
    } catch (error) {
      throw new SimulationError(scheduleSeed, tried + 1, error);
    }
    steps += simulation.steps;
  }
  return { seed, schedules, steps };
}

/** One schedule. */
class Simulation {
  readonly #schedule: Schedule;
  readonly #virtual: VirtualClock | undefined;
  readonly #scheduler: Scheduler;
  readonly #unobserved: unknown[] = [];

  constructor(seed: number, clock: 'virtual' | 'real') {
    // The seed alone decides, so that it replays by itself.
    this.#schedule =
      seed % 2 === 0 ? new RandomSchedule(seed) : new PrioritySchedule(seed, EXPECTED_STEPS);
    this.#virtual = clock === 'virtual' ? new VirtualClock() : undefined;
    this.#scheduler = new Scheduler(
      { seed },
      {
        clock: this.#virtual ?? realClock,
        ready: this.#schedule,
        onUnobserved: (error) => this.#unobserved.push(error),
      },
    );
  }

  get steps(): number {
    return this.#schedule.steps;
  }

  async run(fn: () => unknown): Promise<void> {
    const root = this.#scheduler.spawn(fn);
    root.name = 'the simulated function';
    root.observe();
    try {
      await this.#untilEnded(root);
      if (root.status !== 'finished') throw root.error;
      if (this.#unobserved.length > 0) throw this.#unobserved[0];
      await quiescence();
      const left = aliveTasks(this.#scheduler).map((task) => formatTask(describeTask(task)));
      if (left.length > 0) throw new Error(`tasks are left behind:\n${left.join('\n\n')}`);
    } finally {
      await this.#cleanUp();
    }
  }

  async #untilEnded(root: Task): Promise<void> {
    for (;;) {
      await quiescence();
      if (root.done) return;
      if (this.#schedule.length > 0) continue;
      if (this.#virtual === undefined) {
        await nextTimers();
      } else if (!this.#virtual.jump()) {
        const asleep = tasksAsleep(this.#scheduler);
        throw new Error(`deadlock: all tasks sleep:\n${describeDeadlock(asleep)}`);
      }
    }
  }

  /** Nothing of a schedule that failed may reach into the next one. */
  async #cleanUp(): Promise<void> {
    for (const task of aliveTasks(this.#scheduler)) {
      task.observe();
      task.cancel(new AbortError('The simulation has ended'));
    }
    await quiescence();
  }
}

/** Until microtasks, and the turns that they begin, have nothing left to do. */
function quiescence(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function nextTimers(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 1);
  });
}
