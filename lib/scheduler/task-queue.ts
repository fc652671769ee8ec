import { CREATED, type Handle } from '../native/native';
import { handleOf, type Task } from './task';

/** Tasks that can go on. A scheduler takes the next one from here; a simulation takes another order. */
export interface ReadyQueue {
  readonly length: number;
  push(task: Task): void;
  /** Puts back a task that was taken and could not be continued. */
  unshift(task: Task): void;
  take(): Task | undefined;
  /** {@link push} and {@link take} in one. */
  exchange(task: Task): Task;
  /** Takes out a task that is not to go on after all. */
  remove(task: Task): void;
  /** Whose turn comes next, as far as that is decided; or {@link CREATED}. */
  ahead(): Handle;
}

/** First in, first out. The link lies in the task, so nothing is allocated. */
export class TaskQueue implements ReadyQueue {
  length = 0;
  #first: Task | undefined;
  #last: Task | undefined;

  push(task: Task): void {
    task.nextReady = undefined;
    if (this.#last === undefined) this.#first = task;
    else this.#last.nextReady = task;
    this.#last = task;
    this.length++;
  }

  unshift(task: Task): void {
    task.nextReady = this.#first;
    this.#first = task;
    this.#last ??= task;
    this.length++;
  }

  take(): Task | undefined {
    const task = this.#first;
    if (task === undefined) return undefined;
    this.#first = task.nextReady;
    if (this.#first === undefined) this.#last = undefined;
    task.nextReady = undefined;
    this.length--;
    return task;
  }

  exchange(task: Task): Task {
    const first = this.#first;
    const last = this.#last;
    if (first === undefined || last === undefined) return task;
    const second = first.nextReady;
    this.#last = task;
    if (second === undefined) {
      this.#first = task;
    } else {
      this.#first = second;
      first.nextReady = undefined;
      last.nextReady = task;
    }
    return first;
  }

  ahead(): Handle {
    return this.#first === undefined ? CREATED : handleOf(this.#first);
  }

  remove(task: Task): void {
    for (let left = this.length; left > 0; left--) {
      const next = this.take();
      if (next !== undefined && next !== task) this.push(next);
    }
  }
}
