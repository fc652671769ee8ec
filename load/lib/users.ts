import { currentTask, FiberError, type Group } from 'greenfiber';
import { settled, type Clock } from 'greenfiber/lowlevel';

import { countError } from './count-error';
import { Flows } from './flows';
import type { IterationPool } from './iteration-pool';
import type { Load } from './load';
import type { Part } from './part';
import { becomeUser, VirtualUser, type RunContext } from './vu';

/** An iteration that follows no schedule is due when it begins. */
export const NOW = -1;

/** What the users of all loads of a thread have in common. */
export class Crowd {
  readonly part: Part;
  readonly data: unknown;
  /** A mistake that every iteration would make again: the run ends by it. */
  mistake: FiberError | undefined = undefined;
  /** Set when no load begins an iteration any more. */
  stopped = false;
  /** Set when also what is under way has to end soon. */
  hasToEnd = false;
  #made = 0;

  constructor(part: Part, data: unknown) {
    this.part = part;
    this.data = data;
  }

  /** From 1; different from those of all other threads and machines. */
  nextId(): number {
    return this.part.index + 1 + this.part.count * this.#made++;
  }

  /** No iteration is begun any more, and what is under way has a moment. */
  end(): void {
    this.stopped = this.hasToEnd = true;
  }
}

/** The virtual users of one load in one thread, and what they do. */
export class Users {
  /** How many there are. */
  count = 0;
  readonly #crowd: Crowd;
  readonly #flows: Flows;
  readonly #clock: Clock;
  readonly #context: RunContext;
  readonly #group: Group;
  readonly #pool: IterationPool;
  #stopped = false;
  /** When the next iteration may begin, for the highest rate. */
  #slot = 0;
  readonly #slotWidth: number;

  constructor(
    load: Load,
    crowd: Crowd,
    contexts: readonly [RunContext, ...RunContext[]],
    group: Group,
    pool: IterationPool,
  ) {
    const weights = load.flows.map(({ weight }) => weight);
    this.#crowd = crowd;
    this.#flows = new Flows(contexts, weights, crowd.part);
    this.#context = contexts[0];
    this.#clock = this.#context.clock;
    this.#group = group;
    this.#pool = pool;
    this.#slotWidth = (1000 * crowd.part.count) / load.maxRate;
  }

  /** Whether no iteration is to be begun any more. */
  get stopped(): boolean {
    return this.#stopped || this.#crowd.stopped;
  }

  /** From now on none is. */
  stop(): void {
    this.#stopped = true;
  }

  /** Whether as many iterations were begun as there are to be. */
  get exhausted(): boolean {
    return this.#pool.exhausted;
  }

  /**
   * Starts a user, which does one iteration after the other.
   *
   * @param next - may block; returns when the next iteration should have begun, `NOW` where no schedule says, and
   * undefined to end the user
   */
  start(next: (user: VirtualUser) => number | undefined): void {
    this.count++;
    const user = new VirtualUser(this.#crowd.nextId(), this.#context);
    this.#group.spawn(this.#live, user, next);
  }

  // All users sleep in here, and every frame below theirs lies on the stack of each: so there is this one alone, which
  // keeps what it needs in the user.
  readonly #live = (user: VirtualUser, next: (user: VirtualUser) => number | undefined): void => {
    becomeUser(user);
    try {
      while (this.#begin(user, next(user))) {
        try {
          const answer = user.context.iterate(this.#crowd.data, user);
          if (answer !== undefined) settled('default', answer);
        } catch (error) {
          this.#fail(user, error);
        }
        this.#end(user);
      }
    } finally {
      this.count--;
      user.close();
    }
  };

  /** On the run's clock. */
  now(): number {
    return this.#clock.now();
  }

  /** Milliseconds to wait until an iteration may begin, which then has its place; 0 mostly. */
  delay(): number {
    if (this.#slotWidth === 0) return 0;
    const now = this.now();
    const slot = Math.max(now, this.#slot);
    this.#slot = slot + this.#slotWidth;
    return slot - now;
  }

  /** Whether the user is to do an iteration, which then has begun. */
  #begin(user: VirtualUser, due: number | undefined): boolean {
    if (due === undefined || !this.#pool.take()) return false;
    user.context = this.#flows.next();
    user.slept = false;
    user.intended = due === NOW ? undefined : due;
    user.start = due === NOW ? user.now : due;
    return true;
  }

  #fail(user: VirtualUser, error: unknown): void {
    if (currentTask()?.isCancelled === true) return;
    const { recorder } = user.context;
    recorder.registry.metric('failed_iterations', 'counter').with(user.tags).add(1);
    countError(user, error, user.tags);
    if (error instanceof FiberError && error.code === 'ERR_LOAD_NO_TARGET') {
      this.#crowd.mistake ??= error;
      this.#crowd.end();
    }
  }

  #end(user: VirtualUser): void {
    const { recorder } = user.context;
    user.now = this.now();
    if (user.open.length > 0) user.closeOpen();
    user.iteration++;
    user.counted = undefined;
    if (currentTask()?.isCancelled === true) {
      recorder.registry.metric('interrupted_iterations', 'counter').with(user.tags).add(1);
    } else {
      recorder.iteration(user.now - user.start);
    }
  }
}
