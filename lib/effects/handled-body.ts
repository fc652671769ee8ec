import { FiberError, FiberKilled } from '../base/errors';
import { access, Fiber, runtime } from '../fiber/fiber';
import { CREATED, FINISHED } from '../native/native';
import { current } from '../scheduler/current';
import type { Scope } from '../scheduler/scope';
import type { Task } from '../scheduler/task';
import { warnOfTermination } from '../fiber/termination';
import { request } from './request';

// By names of their own: see lib/fiber/fiber.ts.
const { beginHandled, enter, enterKill, enterRaise, isAsleep, leave, sweep } = runtime.fibers;

const { handleOf } = access;

let asleep = 0;

/** How many bodies of handlers and generators sleep, to be continued or dropped. */
export function bodiesAsleep(): number {
  return asleep;
}

/**
 * A function on a stack of its own that is suspended together with everything it runs: by an effect that it is
 * the handled body of, or by {@link leave}. See src-native/fiber/effects.cc.
 */
export class HandledBody {
  /** Its own fiber, which user code never sees. */
  readonly fiber: Fiber;
  /** How often it was started and continued. */
  turn = 0;

  #killed: FiberKilled | undefined = undefined;
  #answer: unknown = undefined;
  /** The innermost scope that it opened, while it sleeps. */
  #scope: Scope | undefined = undefined;

  /** @param tags - the effects that suspend it */
  constructor(body: () => unknown, tags: readonly number[]) {
    this.fiber = new Fiber(() => {
      try {
        beginHandled(...tags);
        return body();
      } catch (error) {
        if (error !== this.#killed || error === undefined) throw error;
        return this.#answer;
      }
    });
  }

  get begun(): boolean {
    return handleOf(this.fiber) !== CREATED;
  }

  get done(): boolean {
    return handleOf(this.fiber) === FINISHED;
  }

  /** Whether it sleeps, and can be continued. */
  get isAsleep(): boolean {
    const handle = handleOf(this.fiber);
    return handle >= 0 && isAsleep(handle);
  }

  /** Runs the body until it is suspended, then returns {@link request}, or ends; then what it ends with. */
  start(): unknown {
    return this.#switch(() => this.fiber.resume(), undefined);
  }

  /** Continues it where it sleeps; returns as {@link start} does. */
  enter(value: unknown): unknown {
    return this.#switch(enter, value);
  }

  /** Raises an error where it sleeps; returns as {@link start} does. */
  raise(error: unknown): unknown {
    return this.#switch(enterRaise, error);
  }

  /**
   * Unwinds it, as {@link Fiber.return} does a fiber: all of its fibers raise {@link FiberKilled} at every
   * suspension. Returns what the body returns in spite of that, else `value`.
   */
  kill(value: unknown): unknown {
    this.#answer = value;
    this.#killed ??= new FiberKilled();
    const answer = this.#switch(enterKill, this.#killed);
    if (this.done) return answer;
    sweep();
    warnOfTermination(this.fiber.name);
    return value;
  }

  /** A body that has not begun never will. */
  discard(): void {
    this.fiber.return();
  }

  /** Suspends it, from inside, with a value for who started or continued it: {@link request}. */
  leave(payload: unknown): void {
    request.payload = payload;
    leave(handleOf(this.fiber), request);
  }

  /** For an end without an outcome. */
  lost(): FiberError {
    return new FiberError('ERR_FIBER_TRANSFER', 'The body was terminated by V8, and cannot go on');
  }

  #switch(to: typeof enter, value: unknown): unknown {
    const { task } = current;
    if (task !== undefined || this.#scope !== undefined) return this.#switchScopes(task, to, value);
    return this.#proceed(to, value);
  }

  /** A timeout or shield that the body opened is not around its handler, and goes to sleep with it. */
  #switchScopes(task: Task | undefined, to: typeof enter, value: unknown): unknown {
    const opened = this.#scope;
    if (opened !== undefined && opened.task !== task && !opened.task.done) {
      throw new FiberError(
        'ERR_CONTINUATION_SCOPE',
        `The continuation has a timeout, group or shield of "${opened.task.name}" open: continue it in that task`,
      );
    }
    if (task === undefined) return this.#proceed(to, value);
    const outer = task.scope;
    if (opened?.task === task) {
      task.scope = opened;
      this.#scope = undefined;
    }
    try {
      return this.#proceed(to, value);
    } finally {
      if (task.scope !== outer) {
        if (!this.done) this.#scope = task.scope;
        task.scope = outer;
      }
    }
  }

  // Where the stack is nearly full, the first call fails, and nothing has happened.
  #proceed(to: typeof enter, value: unknown): unknown {
    const handle = handleOf(this.fiber);
    this.turn++;
    if (handle >= 0) asleep--;
    try {
      const answer = to(handle, value);
      if (answer === request) asleep++;
      return answer;
    } catch (error) {
      if (handleOf(this.fiber) >= 0) {
        this.turn--; // refused: it sleeps on
        asleep++;
      }
      throw error;
    }
  }
}
