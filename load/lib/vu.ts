import { FiberError, FiberLocal } from 'greenfiber';
import { checkFunction, type Clock } from 'greenfiber/lowlevel';

import type { Deadlines } from './clients/deadlines';
import type { Transport, Wire } from './clients/transport';
import type { Part } from './part';
import type { Plan } from './plan';
import type { Recorder } from './recorder';
import { checkTags, type Tags } from './registry';

/** What all users of a thread share. */
export interface RunContext {
  readonly plan: Plan;
  /** Which part of the load this thread has. */
  readonly part: Part;
  /** Of the flow: added to every sample. */
  readonly tags: Tags;
  /** What an iteration of the flow does. */
  readonly iterate: (data: unknown, user: VirtualUser) => unknown;
  readonly recorder: Recorder;
  readonly transport: Transport;
  readonly clock: Clock;
  /** When it was made, on that clock. */
  readonly start: number;
  /** Of requests without a timeout of their own. */
  readonly deadlines: Deadlines;
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
  /** Of the iteration that it does. @internal */
  context: RunContext;
  /** Whether it ever called {@link tagged}. @internal */
  usesTags = false;
  /** What was thrown last that is no object, and was counted. @internal */
  counted: unknown = undefined;
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
  /** What it keeps from one iteration to the next, of clients that are no wires. */
  #kept: Map<object, { destroy(): void }> | undefined = undefined;

  /** @internal */
  constructor(id: number, context: RunContext) {
    this.id = id;
    this.context = context;
  }

  /** The scenario that its iteration is of; `default` where scenarios have no names. */
  get scenario(): string {
    return this.tags['scenario'] ?? 'default';
  }

  /** Added to every sample, outside of {@link tagged}. @internal */
  get tags(): Tags {
    return this.context.tags;
  }

  /** What it has under this key, made when it is first asked for. @internal */
  keep<T extends { destroy(): void }>(key: object, make: () => T): T {
    const kept = (this.#kept ??= new Map<object, { destroy(): void }>());
    const known = kept.get(key) as T | undefined;
    if (known !== undefined) return known;
    const made = make();
    kept.set(key, made);
    return made;
  }

  /** What the iteration leaves open. @internal */
  closeOpen(): void {
    for (const each of this.open.splice(0)) each.destroy();
  }

  /** @internal */
  close(): void {
    this.closeOpen();
    for (const wire of this.wires.splice(0)) wire.close();
    for (const each of this.#kept?.values() ?? []) each.destroy();
  }
}

const local = new FiberLocal<VirtualUser>('virtual user');
/** A task's own, and its children's: another task of the same user has others. */
const localTags = new FiberLocal<Tags>('tags');

/** What is added to the samples that the running task takes as `user`. */
export function tagsOf(user: VirtualUser): Tags {
  return user.usesTags ? (localTags.get() ?? user.tags) : user.tags;
}

/** Runs `fn` as the user, in the running task. */
export function asUser<T>(user: VirtualUser, fn: () => Promise<T> | T): T {
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
    'Only a virtual user can do this, in its own task: what follows an await, or is called by a timer or an event, has ' +
      'left it (use wait(promise), and sleep); outside of a scenario there is none',
  );
}

/**
 * Runs `fn` with tags that are added to every sample that the running task, and those that it spawns, take meanwhile.
 *
 * @throws what `fn` throws; {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_LOAD_NO_USER`
 */
export function tagged<T>(tags: Tags, fn: () => Promise<T> | T): T {
  const own = checkTags('tags', tags);
  checkFunction('fn', fn);
  const user = vu();
  const all = { ...tagsOf(user), ...own };
  user.usesTags = true;
  return localTags.run(all, fn);
}
