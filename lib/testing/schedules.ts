import { CREATED, type Handle } from '../native/native';
import { random } from '../base/random';
import type { Task } from '../scheduler/task';
import type { ReadyQueue } from '../scheduler/task-queue';

/** A ready queue that decides who goes on. */
export abstract class Schedule implements ReadyQueue {
  /** Decisions so far. */
  steps = 0;
  protected readonly ready: Task[] = [];

  get length(): number {
    return this.ready.length;
  }

  push(task: Task): void {
    this.ready.push(task);
  }

  unshift(task: Task): void {
    this.ready.unshift(task);
  }

  remove(task: Task): void {
    this.ready.splice(this.ready.indexOf(task), 1);
  }

  ahead(): Handle {
    return CREATED; // not decided yet
  }

  take(): Task | undefined {
    if (this.ready.length === 0) return undefined;
    this.steps++;
    return this.ready.splice(this.choose(), 1)[0];
  }

  exchange(task: Task): Task {
    this.push(task);
    return this.take() ?? task;
  }

  /** The index of who goes on; there is at least one. */
  protected abstract choose(): number;
}

/** Everyone who is ready is as likely to go on as any other. */
export class RandomSchedule extends Schedule {
  readonly #random: () => number;

  constructor(seed: number) {
    super();
    this.#random = random(seed);
  }

  protected choose(): number {
    return Math.floor(this.#random() * this.ready.length);
  }
}

/** Priorities are changed at so many points. */
const CHANGES = 3;
/** One decision in so many ignores the priorities: a task that spins until another one acts must not win for ever. */
const FAIRNESS = 32;

/**
 * The task of the highest priority goes on; priorities are drawn at random and lowered at a few random points.
 * Finds bugs that need few, but particular, changes of task (Burckhardt et al., "A randomized scheduler with
 * probabilistic guarantees of finding bugs", ASPLOS 2010).
 */
export class PrioritySchedule extends Schedule {
  readonly #random: () => number;
  readonly #priorities = new WeakMap<Task, number>();
  readonly #changes: Set<number>;

  /** @param length - decisions that a schedule is expected to take */
  constructor(seed: number, length: number) {
    super();
    this.#random = random(seed);
    this.#changes = new Set(
      Array.from({ length: CHANGES }, () => Math.floor(this.#random() * length)),
    );
  }

  override push(task: Task): void {
    if (!this.#priorities.has(task)) this.#priorities.set(task, 1 + this.#random());
    super.push(task);
  }

  protected choose(): number {
    if (this.#random() * FAIRNESS < 1) return Math.floor(this.#random() * this.ready.length);
    const best = this.#best();
    if (!this.#changes.has(this.steps)) return best;
    const lowered = this.ready[best];
    if (lowered !== undefined) this.#priorities.set(lowered, this.#random());
    return this.#best();
  }

  #best(): number {
    let best = 0;
    for (let i = 1; i < this.ready.length; i++) {
      if (this.#priority(i) > this.#priority(best)) best = i;
    }
    return best;
  }

  #priority(index: number): number {
    const task = this.ready[index];
    return (task && this.#priorities.get(task)) ?? 0;
  }
}
