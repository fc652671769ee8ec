import type { FiberState } from '../fiber/fiber-state';
import type { SchedulerStats } from '../scheduler/scheduler-options';
import type { TaskStatus } from '../scheduler/phase';
import type { Stats } from './stats';

/** Names a task or a fiber. */
export interface Label {
  readonly id: number;
  readonly name: string;
}

/** Where a task or a fiber was made. Known only of those made while {@link enable} was in force. */
export interface Creation {
  /** The JavaScript frames of its maker, innermost first, one a line. */
  readonly stack: string;
  /** Milliseconds since then. */
  readonly age: number;
  /** The task that made it; null: none did. */
  readonly by: Label | null;
}

/** The blocking call that a task sleeps in. */
export interface Sleep {
  /** Such as `Channel.receive`. */
  readonly call: string;
  /** What it sleeps on, in a few words, such as `Task "reader"`; null when the call says it all. */
  readonly on: string | null;
  /** Milliseconds since it began; null when that is not known ({@link Snapshot.missing}). */
  readonly since: number | null;
}

/** The cancellation of a task's innermost scope. */
export interface ScopeSnapshot {
  /** Blocking calls raise `reason`. */
  readonly cancelled: boolean;
  /** In a few words; null unless cancelled. */
  readonly reason: string | null;
  /** A `shield` keeps outer cancellation out of it. */
  readonly shielded: boolean;
  /** Scopes that the task itself has opened and not left: groups, limits, shields. */
  readonly depth: number;
  /** Whose group the task is a member of; null: it belongs to nobody. */
  readonly groupOf: Label | null;
}

/** A task that has not ended. */
export interface TaskSnapshot extends Label {
  readonly status: TaskStatus;
  /** The JavaScript frames of where it is, innermost first, one a line. Empty: it has not begun. */
  readonly stack: string;
  /** Null unless it is parked. */
  readonly sleep: Sleep | null;
  /** The process does not wait for it: `unref` was called. */
  readonly background: boolean;
  /** The index of its scheduler in {@link Snapshot.schedulers}. */
  readonly scheduler: number;
  readonly scope: ScopeSnapshot;
  /** Its fiber-locals, written out. */
  readonly locals: readonly { readonly name: string; readonly value: string }[];
  /** Null when it is not known ({@link Snapshot.missing}). */
  readonly created: Creation | null;
  /** Milliseconds for which it has held the thread; null when that is not known ({@link Snapshot.missing}). */
  readonly cpu: number | null;
}

/** A fiber that has begun and not finished, and is no task's own stack. */
export interface FiberSnapshot extends Label {
  readonly state: FiberState;
  /** The JavaScript frames of where it is, innermost first, one a line. */
  readonly stack: string;
  /** The fiber that it resumed and waits for, by its id. */
  readonly resumes: number | null;
  /** The task that it runs in. */
  readonly task: Label | null;
  /** Null when it is not known ({@link Snapshot.missing}). */
  readonly created: Creation | null;
}

/** An arrow of the wait-for graph: `from` sleeps until `to` has acted. Numbers are ids of tasks. */
export interface Wait {
  readonly from: number;
  readonly to: number;
  /** The blocking call of `from`. */
  readonly call: string;
  /** False: the sleep may end without it, as a `select` does. */
  readonly needed: boolean;
}

/** How many tasks are in one place, whether they are shown or not. */
export interface CallCount {
  readonly status: TaskStatus;
  /** The blocking call that they sleep in; null unless they are parked, or where it is unknown. */
  readonly call: string | null;
  readonly tasks: number;
}

/** A scheduler that has tasks, or the default one. */
export interface SchedulerSnapshot extends SchedulerStats {
  readonly isDefault: boolean;
}

/** What {@link snapshot} returns: this thread's fibers and tasks, as plain data for `JSON.stringify`. */
export interface Snapshot {
  /** When it was taken, as ISO 8601. */
  readonly time: string;
  readonly process: {
    readonly pid: number;
    /** 0 is the main thread. Every thread has fibers of its own. */
    readonly threadId: number;
    readonly node: string;
    readonly engine: string;
    /** Milliseconds since the thread began. */
    readonly uptime: number;
  };
  /** What it does not show, and why, in sentences. */
  readonly missing: readonly string[];
  /** Tasks that have not ended, the oldest first. */
  readonly tasks: readonly TaskSnapshot[];
  /** Fibers that are no task's own, the oldest first. */
  readonly fibers: readonly FiberSnapshot[];
  /** All tasks, counted by their status and blocking call; the most come first. */
  readonly calls: readonly CallCount[];
  /** Who waits for whom; with a `limit` that leaves out tasks, only between those that are shown. */
  readonly waits: readonly Wait[];
  /**
   * Tasks that wait for each other in a circle, by their ids: each needs the next, and the last needs the first.
   * Only cancellation can end it.
   */
  readonly cycles: readonly (readonly number[])[];
  readonly schedulers: readonly SchedulerSnapshot[];
  readonly stats: Stats;
}
