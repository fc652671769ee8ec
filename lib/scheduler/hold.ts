import type { Task } from './task';

/** A lock that one or several tasks can hold. */
export interface Breakable {
  /** `owner` has ended without releasing it. */
  breakFor(owner: Task): void;
}

let taken = 0;

/** How many were taken so far. */
export function holdsTaken(): number {
  return taken;
}

/** That a task holds a lock. In a list of the task's own, so that the lock breaks when the task ends. */
export class Hold {
  owner: Task | undefined = undefined;
  /** Its place in the order in which all are taken. */
  number = 0;
  #next: Hold | undefined = undefined;
  #previous: Hold | undefined = undefined;

  constructor(readonly lock: Breakable) {}

  take(task: Task): void {
    const first = task.holds;
    this.owner = task;
    this.number = ++taken;
    this.#next = first;
    if (first !== undefined) first.#previous = this;
    task.holds = this;
  }

  release(): void {
    const next = this.#next;
    const previous = this.#previous;
    if (previous !== undefined) previous.#next = next;
    else if (this.owner !== undefined) this.owner.holds = next;
    if (next !== undefined) next.#previous = previous;
    this.#next = this.#previous = this.owner = undefined;
  }
}

/** The task has ended: what it still holds is broken. */
export function breakHolds(task: Task): void {
  breakHoldsSince(task, -1);
}

/** What the task has taken after so many, and still holds, is broken. */
export function breakHoldsSince(task: Task, number: number): void {
  // The last one that was taken is the first.
  for (let hold = task.holds; hold !== undefined && hold.number > number; hold = task.holds) {
    hold.release();
    hold.lock.breakFor(task);
  }
}
