import { AbortError } from '../base/errors';
import type { Timer } from './clock';
import type { Task } from './task';

/**
 * A region of cancellation, as Trio's cancel scope: what runs inside is cancelled together. Cancellation is a
 * level, not an event: once a scope is cancelled, every blocking call inside raises.
 */
export class Scope {
  /** Raised by blocking calls in here while {@link isCancelled}. */
  reason: unknown = undefined;
  /** By itself, or by a scope around it that no shield keeps out. */
  isCancelled = false;
  /** That of a limit of time. */
  timer: Timer | undefined = undefined;

  #firstChild: Scope | undefined = undefined;
  #next: Scope | undefined = undefined;
  #previous: Scope | undefined = undefined;
  #controller: AbortController | undefined = undefined;

  /**
   * @param task - whose blocking calls it concerns when it is the innermost scope of that task
   * @param shielded - outer cancellation does not reach it
   */
  constructor(
    readonly task: Task,
    readonly parent: Scope | undefined,
    readonly shielded = false,
  ) {
    if (parent === undefined) return;
    const sibling = parent.#firstChild;
    this.#next = sibling;
    if (sibling !== undefined) sibling.#previous = this;
    parent.#firstChild = this;
    if (parent.isCancelled && !shielded) this.#enter(parent.reason);
  }

  /** Raises `reason` at every blocking call inside, from now on. The first reason stays. */
  cancel(reason: unknown = new AbortError()): void {
    const aborted: AbortController[] = [];
    this.#cancelInside(reason, aborted);
    // When it is decided what every sleep in here raises: a listener may end the operation that one sleeps in.
    for (const controller of aborted) controller.abort(reason);
  }

  #cancelInside(reason: unknown, aborted: AbortController[]): void {
    if (this.isCancelled) return;
    this.#enter(reason);
    if (this.#controller !== undefined) aborted.push(this.#controller);
    if (this.task.scope === this) this.task.waiter?.cancel(reason);
    for (const child of this.children) if (!child.shielded) child.#cancelInside(reason, aborted);
  }

  /** Whether the process waits for what sleeps inside, from now on. */
  keepAlive(yes: boolean): void {
    this.timer?.keepAlive(yes);
    for (const child of this.children) {
      if (child.task === this.task) child.keepAlive(yes);
      else child.task.keepAlive(yes);
    }
  }

  /** Nothing runs inside any more. */
  close(): void {
    const { parent } = this;
    if (parent === undefined) return;
    const next = this.#next;
    const previous = this.#previous;
    if (previous === undefined && parent.#firstChild !== this) return; // closed before
    if (previous === undefined) parent.#firstChild = next;
    else previous.#next = next;
    if (next !== undefined) next.#previous = previous;
    this.#next = this.#previous = undefined;
  }

  /** Aborted when the scope is cancelled. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.isCancelled) this.#controller.abort(this.reason);
    }
    return this.#controller.signal;
  }

  /** Scopes inside that are not closed, as they are now, the oldest first. */
  get children(): readonly Scope[] {
    const children: Scope[] = [];
    for (let child = this.#firstChild; child !== undefined; child = child.#next) {
      children.push(child);
    }
    return children.reverse();
  }

  #enter(reason: unknown): void {
    this.isCancelled = true;
    this.reason = reason;
  }
}
