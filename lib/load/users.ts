import type { Group } from '../scheduler/group';
import { currentTask } from '../scheduler/task';
import { recorded } from './clients/socket';
import { shareOf, type Part } from './plan';
import type { Scenario } from './scenario';
import { becomeUser, VirtualUser, type RunContext } from './vu';

/** An iteration that follows no schedule is due when it begins. */
export const NOW = -1;

/** The virtual users of one thread, and what they do. */
export class Users {
  /** How many there are. */
  count = 0;
  /** Set when no iteration is to be begun any more. */
  stopped = false;
  readonly #context: RunContext;
  readonly #part: Part;
  readonly #group: Group;
  readonly #iterate: Scenario['default'];
  readonly #data: unknown;
  #made = 0;
  #begun = 0;
  readonly #iterations: number;
  /** When the next iteration may begin, for the highest rate. */
  #slot = 0;
  readonly #slotWidth: number;

  constructor(context: RunContext, part: Part, group: Group, scenario: Scenario, data: unknown) {
    this.#context = context;
    this.#part = part;
    this.#group = group;
    this.#iterate = scenario.default;
    this.#data = data;
    this.#iterations = shareOf(context.plan.iterations, part);
    this.#slotWidth = (1000 * part.count) / context.plan.maxRate;
  }

  /** Whether as many iterations were begun as there are to be. */
  get exhausted(): boolean {
    return this.#begun >= this.#iterations;
  }

  /**
   * Starts a user, which does one iteration after the other.
   *
   * @param next - may block; answers when the next iteration should have begun, `NOW` where no schedule says, and
   * undefined to end the user
   */
  start(next: (user: VirtualUser) => number | undefined): void {
    const id = this.#part.index + 1 + this.#part.count * this.#made++;
    this.count++;
    this.#group.spawn(this.#live, new VirtualUser(id, this.#context), next);
  }

  // All users sleep in here, and every frame below theirs lies on the stack of each: so there is this one alone, which
  // keeps what it needs in the user.
  readonly #live = (user: VirtualUser, next: (user: VirtualUser) => number | undefined): void => {
    becomeUser(user);
    try {
      while (this.#begin(user, next(user))) {
        try {
          this.#iterate(this.#data, user);
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
    return this.#context.clock.now();
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
    if (due === undefined || this.exhausted) return false;
    this.#begun++;
    user.slept = false;
    user.intended = due === NOW ? undefined : due;
    user.start = due === NOW ? user.now : due;
    return true;
  }

  #fail(user: VirtualUser, error: unknown): void {
    if (currentTask()?.isCancelled === true) return;
    const { recorder } = this.#context;
    recorder.registry.metric('failed_iterations', 'counter').with(user.tags).add(1);
    if (typeof error === 'object' && error !== null && recorded.has(error)) return;
    recorder.error(error, user.tags);
  }

  #end(user: VirtualUser): void {
    const { recorder, plan } = this.#context;
    user.now = this.now();
    if (user.open.length > 0) user.closeOpen();
    user.iteration++;
    user.tags = plan.tags;
    if (currentTask()?.isCancelled === true) {
      recorder.registry.metric('interrupted_iterations', 'counter').with(user.tags).add(1);
    } else {
      recorder.iteration(user.now - user.start);
    }
  }
}
