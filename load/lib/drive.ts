import { group, sleep } from 'greenfiber';

import { runClosed } from './closed';
import { flowContext } from './context';
import type { IterationPool } from './iteration-pool';
import type { Load } from './load';
import { runOpen } from './open';
import type { Scenario } from './scenario';
import { Users, type Crowd } from './users';
import type { RunContext } from './vu';

/** After this many milliseconds no iteration of a run that was told to end goes on. */
const GRACE_AFTER_SIGNAL = 350;
/** How often a load that has not begun looks whether it is still to begin, in milliseconds. */
const STEP = 50;
/** How often the end of what is under way is looked for, in milliseconds. */
const LOOK = 10;

/** One load of a run, from its start time until its last iteration has ended. */
export class Drive {
  readonly #load: Load;
  readonly #context: RunContext;
  readonly #flows: readonly RunContext[];
  readonly #crowd: Crowd;
  readonly #pool: IterationPool;
  #users: Users | undefined = undefined;
  /** Milliseconds from the beginning of the run in which iterations were begun. */
  begunFor = 0;

  /** @param context - of the run */
  constructor(
    load: Load,
    scenario: Scenario,
    context: RunContext,
    crowd: Crowd,
    pool: IterationPool,
  ) {
    this.#load = load;
    this.#context = context;
    this.#flows = load.flows.map((flow) => flowContext(context, scenario, flow));
    this.#crowd = crowd;
    this.#pool = pool;
  }

  /** Users that there are now. */
  get count(): number {
    return this.#users?.count ?? 0;
  }

  /** In the running task. What has not ended in time is cancelled. */
  run(signal: AbortSignal | undefined): void {
    const load = this.#load;
    const crowd = this.#crowd;
    if (!this.#awaitStart()) return;
    const [first, ...others] = this.#flows;
    if (first === undefined) return;
    // What is late or dropped is of no flow yet, if there are several.
    const context = others.length > 0 ? this.#context : first;
    group((members) => {
      const users = new Users(load, crowd, [first, ...others], members, this.#pool);
      this.#users = users;
      const model = load.model === 'open' ? runOpen : runClosed;
      model(load, context, crowd.part, users);
      const until = this.#elapsed();
      this.#finish(users, signal);
      this.begunFor = users.exhausted ? this.#elapsed() : until;
      members.cancel();
      return undefined;
    });
  }

  #elapsed(): number {
    return this.#context.clock.now() - this.#context.start;
  }

  /** Whether it came to that. */
  #awaitStart(): boolean {
    const { startTime } = this.#load;
    while (!this.#crowd.stopped) {
      const left = startTime - this.#elapsed();
      if (left <= 0) return true;
      sleep(Math.min(STEP, left));
    }
    return startTime === 0;
  }

  /**
   * Lets what is under way end in time. What has not ended then is cancelled by the caller. When all iterations are
   * begun, they have what is left of the duration besides.
   */
  #finish(users: Users, signal: AbortSignal | undefined): void {
    const { gracefulStop, duration, startTime } = this.#load;
    if (!users.exhausted) users.stop();
    const now = this.#elapsed();
    const end = (users.exhausted ? Math.max(now, startTime + duration) : now) + gracefulStop;
    let last: number | undefined;
    while (users.count > 0) {
      const at = this.#elapsed();
      if (signal?.aborted === true || this.#crowd.hasToEnd) last ??= at + GRACE_AFTER_SIGNAL;
      if (at >= Math.min(end, last ?? end)) return;
      sleep(LOOK);
    }
  }
}
