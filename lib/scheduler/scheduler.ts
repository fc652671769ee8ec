import { FiberError } from '../base/errors';
import { access, runtime } from '../fiber/fiber';
import { instruments } from '../fiber/instruments';
import { CREATED, type Handle } from '../native/native';
import { checkFunction } from '../base/validators';
import { random } from '../base/random';
import { setImmediate } from '../base/timers';
import { realClock, type Clock } from './clock';
import { withCpuLimit } from './cpu-limit';
import { current } from './current';
import { watchForDeadlock } from './deadlock';
import { channels, publishSpawn } from './diagnostics';
import { Phase } from './phase';
import {
  checkSchedulerOptions,
  type SchedulerOptions,
  type SchedulerParts,
  type SchedulerStats,
} from './scheduler-options';
import type { Scope } from './scope';
import { Slice } from './slice';
import { nameIn, type SpawnOptions } from './spawn-options';
import { watchSlowTasks } from './slow-tasks';
import { handleOf, OURS, Task } from './task';
import { TaskQueue, type ReadyQueue } from './task-queue';
import { showAs } from '../base/look';

// By names of their own: see lib/fiber/fiber.ts.
const { enter, handOver, leave } = runtime.fibers;
const { spawn: spawned } = channels;
const resolved = Promise.resolve();

/** {@link Scheduler.successor}: nobody goes on, the event loop's stack does. */
const NOBODY = -1;

/** The stacks of so many tasks stay in a processor's cache. */
const IN_CACHE = 300;

/**
 * Runs tasks on one thread, cooperatively: a task runs until it blocks, yields or ends, and then hands over
 * directly to the next ready one, in the order in which they became ready. Turns begin soon after the event
 * that made a task ready, and end after `slice` milliseconds, so that timers and sockets are served.
 */
export class Scheduler {
  /** What {@link spawn} uses outside of tasks. */
  static readonly default: Scheduler = new Scheduler();

  /** @internal */
  readonly clock: Clock;
  /** Numbers from 0 to 1. @internal */
  readonly random: () => number;
  /** @internal */
  firstAlive: Task | undefined = undefined;

  /** @internal */
  readonly onUnobserved: ((error: unknown) => void) | undefined;

  readonly #slice: Slice;
  readonly #cpuLimit: number;
  readonly #watchesDeadlocks: boolean;
  /** Not in a simulation: there every place where tasks could be switched is to be tried. */
  readonly #goesOn: boolean;
  readonly #ready: ReadyQueue;
  readonly #turn: () => void;
  #planned = false;
  #turning = false;
  #alive = 0;
  #spawned = 0;
  /** What tasks have put together for others, and how long it may wait at most. */
  #outgoing: (() => void)[] = [];
  #patience = Infinity;
  #sendBy = Infinity;

  /**
   * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`; `ERR_FIBER_UNSUPPORTED` for a
   * limit or a watch that cannot be had here
   */
  constructor(options: SchedulerOptions = {}, parts: SchedulerParts = {}) {
    const { slice, seed, cpuLimit, slowTask, onSlowTask } = checkSchedulerOptions(options);
    this.#cpuLimit = cpuLimit;
    this.random = random(seed);
    this.clock = parts.clock ?? realClock;
    this.#slice = new Slice(this.clock, slice);
    this.#ready = parts.ready ?? new TaskQueue();
    this.onUnobserved = parts.onUnobserved;
    if (slowTask !== Infinity) {
      watchSlowTasks(slowTask, (slow) => {
        if (slow.task.scheduler === this) onSlowTask(slow);
      });
    }
    this.#watchesDeadlocks = parts.clock === undefined;
    this.#goesOn = parts.ready === undefined;
    this.#turn = () => {
      this.#runTurn();
    };
  }

  /**
   * Starts a task that runs `fn(...args)`, in the next turn. It inherits fiber-locals and the asynchronous
   * context by value.
   *
   * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`; `ERR_FIBER_UNSUPPORTED` where `isSupported` is false
   */
  spawn<T>(fn: () => Promise<T> | T, options: SpawnOptions): Task<T>;
  spawn<A extends unknown[], T>(fn: (...args: A) => Promise<T> | T, ...args: A): Task<T>;
  spawn(fn: (...args: unknown[]) => unknown, ...args: unknown[]): Task {
    checkFunction('fn', fn);
    return nameIn(args, fn, this.start(fn, args, undefined));
  }

  /** Runs `fn` in a task and returns a promise of what it returns. */
  run<T>(fn: () => T): Promise<Awaited<T>> {
    return (this.spawn(fn) as Task<Awaited<T>>).promise();
  }

  /** What has happened so far. */
  stats(): SchedulerStats {
    return {
      ready: this.#ready.length,
      alive: this.#alive,
      spawned: this.#spawned,
      turns: this.#slice.turns,
      longestTurn: this.#slice.longest,
    };
  }

  /** @internal */
  start<A extends unknown[], T>(
    fn: (...args: A) => T,
    args: A,
    scope: Scope | undefined,
    onEnd?: (task: Task) => void,
  ): Task<T> {
    const task = this.create(fn, args, scope, onEnd);
    this.makeReady(task as Task);
    return task;
  }

  /** A task that whoever asks for it makes ready. @internal */
  create<A extends unknown[], T>(
    fn: (...args: A) => T,
    args: A,
    scope: Scope | undefined,
    onEnd?: (task: Task) => void,
  ): Task<T> {
    const body = this.#cpuLimit === Infinity ? fn : this.#limited(fn);
    const task = new Task<T>(this, body as (...args: unknown[]) => T, args, scope, onEnd);
    this.#spawned++;
    this.#remember(task as Task);
    if (spawned.hasSubscribers && args !== OURS) publishSpawn(task as Task);
    return task;
  }

  /** The task goes on in the turn under way, or in one that is planned now. @internal */
  makeReady(task: Task): void {
    task.phase = Phase.ready;
    this.#ready.push(task);
    if (this.#planned || this.#turning) return;
    this.#planned = true;
    void resolved.then(this.#turn);
  }

  /** As {@link makeReady}, from the bottom of a microtask or an event: the turn begins now. @internal */
  makeReadyAndRun(task: Task): void {
    const isNext = this.#goesOn && !this.#planned && !this.#turning && this.#ready.length === 0;
    if (isNext && !this.#slice.isSpent) {
      this.#takeTurn(task);
      return;
    }
    task.phase = Phase.ready;
    this.#ready.push(task);
    if (!this.#planned && !this.#turning) this.#runTurn();
  }

  /**
   * Calls `send` once: before the event loop gets its turn, or when tasks have run for `delay` milliseconds since
   * now, as far as the scheduler looks at the clock between switches. It must not throw. @internal
   */
  sendSoon(send: () => void, delay: number): void {
    this.#outgoing.push(send);
    this.#patience = Math.min(this.#patience, delay);
    this.#sendBy = Math.min(this.#sendBy, this.clock.now() + delay);
    this.#slice.lookSoon();
  }

  /** Leaves the running task until it is made ready, for the next ready one. @internal */
  suspend(task: Task): void {
    task.phase = Phase.parked;
    this.#leave(task, this.#isOver() ? undefined : this.#ready.take());
  }

  /** Whether the running task need not sleep where it has nothing to wait for. @internal */
  mayGoOn(): boolean {
    return this.#goesOn && !this.#isOver();
  }

  /** Lets the other ready tasks run, then goes on. @internal */
  yieldFrom(task: Task): void {
    const isOver = this.#isOver();
    if (this.#ready.length === 0 && !isOver) return;
    task.phase = Phase.ready;
    let next: Task | undefined;
    if (isOver) this.#ready.push(task);
    else next = this.#ready.exchange(task);
    this.#leave(task, next);
  }

  /** Who goes on when the running task has ended; see FiberAccess.startTask. @internal */
  successor(): unknown {
    if (this.#isOver()) return NOBODY;
    const next = this.#ready.take();
    if (next === undefined) return NOBODY;
    const handle = handleOf(next);
    current.task = next;
    next.phase = Phase.running;
    if (handle !== CREATED) return handle;
    const fiber = next.begin();
    access.prepare(fiber, next);
    return fiber;
  }

  /** The task has ended. @internal */
  forget(task: Task): void {
    this.#alive--;
    if (task.previousAlive === undefined) this.firstAlive = task.nextAlive;
    else task.previousAlive.nextAlive = task.nextAlive;
    if (task.nextAlive !== undefined) task.nextAlive.previousAlive = task.previousAlive;
    task.nextAlive = task.previousAlive = undefined;
  }

  #limited<A extends unknown[], T>(fn: (...args: A) => T): (...args: A) => T {
    return (...args) => withCpuLimit<T>('Scheduler.cpuLimit', this.#cpuLimit, () => fn(...args));
  }

  #remember(task: Task): void {
    if (this.#alive++ === 0 && this.#watchesDeadlocks) watchForDeadlock(this);
    task.nextAlive = this.firstAlive;
    if (this.firstAlive !== undefined) this.firstAlive.previousAlive = task;
    this.firstAlive = task;
  }

  /** Sleeps, and lets `next` go on, or the event loop. Whoever continues the task says that it runs. */
  #leave(task: Task, next: Task | undefined): void {
    // Every frame and register here lies on the stack of every task that sleeps.
    try {
      if (next === undefined) {
        leave(handleOf(task));
      } else if (next === task) {
        task.phase = Phase.running;
      } else {
        current.task = next;
        next.phase = Phase.running;
        if (handleOf(next) === CREATED) access.startOver(next.begin(), next, handleOf(task));
        else handOver(handleOf(task), handleOf(next), this.#ahead());
      }
    } catch (error) {
      this.#stay(task, next, error);
    }
  }

  /** Whose stack the processor should load while the next task runs. */
  #ahead(): Handle {
    return this.#alive > IN_CACHE ? this.#ready.ahead() : CREATED;
  }

  /** An error came out of {@link #leave}. */
  #stay(task: Task, next: Task | undefined, error: unknown): void {
    if (task.phase === Phase.running) throw error; // raised where the task goes on
    if (next !== undefined) {
      current.task = task;
      next.phase = Phase.ready;
      this.#ready.unshift(next);
      if (handleOf(next) === CREATED) {
        // Which fails as well, or lets the main stack see why the other cannot start.
        this.#leave(task, undefined);
        return;
      }
    }
    // This place cannot be left.
    if (task.phase === Phase.ready) this.#ready.remove(task);
    task.phase = Phase.running;
    throw error;
  }

  #runTurn(): void {
    this.#planned = false;
    // A task drains microtasks: the turn that it runs in goes on when it is left.
    if (this.#turning) return;
    if (this.#slice.isSpent) this.#planAfterLoop();
    else this.#takeTurn(undefined);
  }

  /** Runs tasks until none is ready or the slice is over; first, if given, one that is not in the queue. */
  #takeTurn(first: Task | undefined): void {
    this.#slice.beginTurn();
    const outer = current.task;
    this.#turning = true;
    do {
      for (let task = first ?? this.#ready.take(); task !== undefined; task = this.#ready.take()) {
        this.#enter(task); // at least one, however short the slice
        if (this.#isOver()) break;
      }
      current.task = outer;
      first = undefined;
      if (this.#outgoing.length > 0) this.#send();
    } while (instruments.collect?.(!this.#isOver()) === true);
    this.#turning = false;
    this.#slice.endTurn();
    if (this.#ready.length > 0) this.#planAfterLoop();
  }

  #send(): void {
    const outgoing = this.#outgoing;
    this.#outgoing = [];
    this.#patience = this.#sendBy = Infinity;
    for (const send of outgoing) send();
  }

  #planAfterLoop(): void {
    this.#planned = true;
    setImmediate(this.#turn);
  }

  /** Continues a task, from the main stack, until it or one that it handed over to leaves. */
  #enter(task: Task): void {
    current.task = task;
    task.phase = Phase.running;
    try {
      const handle = handleOf(task);
      let next =
        handle === CREATED ? access.startTask(task.begin(), task) : enter(handle, undefined);
      // A stack that left for good names who goes on.
      while (typeof next === 'number' && next >= 0) next = enter(next, undefined);
    } catch (error) {
      this.#lose(error);
      return;
    }
    if (current.task.phase === Phase.running) this.#lose(undefined);
  }

  /** The running task came back without having been left: it could not start, or was terminated. */
  #lose(error: unknown): void {
    const { task } = current;
    if (task === undefined || task.done) return;
    task.end(
      'failed',
      error ??
        new FiberError('ERR_FIBER_TRANSFER', 'The task was terminated by V8, and cannot go on'),
    );
  }

  /** Whether the event loop's turn has come. Asked at every switch. */
  #isOver(): boolean {
    const slice = this.#slice;
    if (slice.hasCredit()) return false;
    if (slice.isOver) return true;
    const now = slice.lookBetween(this.#patience);
    if (this.#outgoing.length > 0 && now >= this.#sendBy) this.#send();
    return slice.isOver;
  }
}

showAs(Scheduler, (scheduler) => ({ ...scheduler.stats() }));
