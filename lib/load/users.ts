import type { Group } from '../scheduler/group';
import { currentTask } from '../scheduler/task';
import { recorded } from './clients/socket';
import { shareOf, type Part } from './plan';
import type { Scenario } from './scenario';
import { asUser, VirtualUser, type RunContext } from './vu';

/** The virtual users of one thread, and what they do. */
export class Users {
  /** How many there are. */
  count = 0;
  /** Iterations under way. */
  running = 0;
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

  /** Iterations that have been begun. */
  get begun(): number {
    return this.#begun;
  }

  /** Whether as many iterations were begun as there are to be. */
  get exhausted(): boolean {
    return this.#begun >= this.#iterations;
  }

  /** Starts a user, which lives as long as `live` runs. */
  start(live: (user: VirtualUser) => void): void {
    const user = new VirtualUser(
      this.#part.index + 1 + this.#part.count * this.#made++,
      this.#context,
    );
    this.count++;
    this.#group.spawn(() => {
      try {
        asUser(user, () => {
          live(user);
        });
      } finally {
        this.count--;
        user.close();
      }
    });
  }

  /** Milliseconds to wait until an iteration may begin, which then has its place; 0 mostly. */
  delay(): number {
    if (this.#slotWidth === 0) return 0;
    const now = this.#context.clock.now();
    const slot = Math.max(now, this.#slot);
    this.#slot = slot + this.#slotWidth;
    return slot - now;
  }

  /**
   * One iteration of the user, if there is one left.
   *
   * @param intended - when it should have begun, on the run's clock; default: now
   */
  iterate(user: VirtualUser, intended?: number): void {
    if (this.exhausted) return;
    const { clock, recorder } = this.#context;
    const start = intended ?? clock.now();
    user.intended = intended;
    this.#begun++;
    this.running++;
    let failed = false;
    try {
      this.#iterate(this.#data, user);
    } catch (error) {
      failed = true;
      if (currentTask()?.isCancelled !== true) this.#fail(user, error);
    } finally {
      this.running--;
      if (user.open.size > 0) user.closeOpen();
    }
    user.iteration++;
    user.tags = this.#context.plan.tags;
    if (currentTask()?.isCancelled === true) {
      recorder.registry.metric('interrupted_iterations', 'counter').with(user.tags).add(1);
      return;
    }
    if (failed) recorder.registry.metric('failed_iterations', 'counter').with(user.tags).add(1);
    recorder.iteration(clock.now() - start);
  }

  #fail(user: VirtualUser, error: unknown): void {
    if (typeof error === 'object' && error !== null && recorded.has(error)) return;
    this.#context.recorder.error(error, user.tags);
  }
}
