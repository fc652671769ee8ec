import { FiberError } from '../errors';
import { FiberLocal } from '../fiber-local';
import { checkFunction, checkObject } from '../options';
import type { Clock } from '../scheduler/clock';
import type { Transport, Wire } from './clients/transport';
import type { Plan } from './plan';
import type { Recorder } from './recorder';
import type { Tags } from './registry';

/** What all users of a thread share. */
export interface RunContext {
  readonly plan: Plan;
  readonly recorder: Recorder;
  readonly transport: Transport;
  readonly clock: Clock;
}

/** A virtual user: a task that does one iteration after the other. */
export class VirtualUser {
  /** From 1; different from that of every other user, also on other threads and machines. */
  readonly id: number;
  /** Iterations that it has begun before this one. */
  iteration = 0;
  /** Its own, kept from one iteration to the next. */
  get data(): Record<string, unknown> {
    return (this.#data ??= {});
  }
  /** @internal */
  readonly context: RunContext;
  /** Added to every sample; changed by {@link tagged}. @internal */
  tags: Tags;
  /**
   * When the iteration should have begun, if it follows a schedule, until its first request has begun: what the
   * request was late counts as latency. @internal
   */
  intended: number | undefined = undefined;
  /** Whether it slept in this iteration, as far as that is known: then others had their turn. @internal */
  slept = false;
  /** What the run's clock said when it was last looked at, between two iterations. @internal */
  now = 0;
  /** When the iteration began, or should have. @internal */
  start = 0;
  /** Of the iteration's connections. @internal */
  readonly open: { destroy(): void }[] = [];
  /** HTTP connections. Few, so that looking through them costs less than a map. @internal */
  readonly wires: Wire[] = [];
  /** There are many users, and most have none. */
  #data: Record<string, unknown> | undefined = undefined;

  /** @internal */
  constructor(id: number, context: RunContext) {
    this.id = id;
    this.context = context;
    this.tags = context.plan.tags;
  }

  /** What the iteration leaves open. @internal */
  closeOpen(): void {
    for (const each of this.open.splice(0)) each.destroy();
  }

  /** @internal */
  close(): void {
    this.closeOpen();
    for (const wire of this.wires.splice(0)) wire.close();
  }
}

const local = new FiberLocal<VirtualUser>('virtual user');

/** Runs `fn` as the user, in the running task. */
export function asUser<T>(user: VirtualUser, fn: () => T): T {
  return local.run(user, fn);
}

/** From now on the running task, and those that it spawns, are the user's. */
export function becomeUser(user: VirtualUser): void {
  local.set(user);
}

/**
 * The virtual user that runs, also in tasks that it spawned.
 *
 * @throws {@link FiberError} `ERR_LOAD_NO_USER` elsewhere
 */
export function vu(): VirtualUser {
  const user = local.get();
  if (user !== undefined) return user;
  throw new FiberError(
    'ERR_LOAD_NO_USER',
    'Only a virtual user can do this: call it from the function that a scenario exports, or what it calls',
  );
}

/**
 * Runs `fn` with tags that are added to every sample that the user takes meanwhile.
 *
 * @throws what `fn` throws; {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_LOAD_NO_USER`
 */
export function tagged<T>(tags: Tags, fn: () => T): T {
  checkObject('tags', tags);
  checkFunction('fn', fn);
  const user = vu();
  const outer = user.tags;
  user.tags = { ...outer, ...tags };
  try {
    return fn();
  } finally {
    user.tags = outer;
  }
}
