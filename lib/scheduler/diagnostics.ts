import { channel, type Channel } from 'node:diagnostics_channel';

import { current } from './current';
import type { SlowTask } from './slow-tasks';
import type { Task } from './task';

/** The names of greenfiber's channels in `node:diagnostics_channel`, by what is published there. */
export const diagnosticsChannels = {
  /** A task was made: {@link TaskSpawned}. */
  spawn: 'greenfiber:task:spawn',
  /** A task has ended, in whatever way: {@link TaskEnded}. */
  end: 'greenfiber:task:end',
  /** A task has ended because it was cancelled: {@link TaskEnded}, before that of its end. */
  cancelled: 'greenfiber:task:cancelled',
  /** What a task did was ended by a limit of processor time: {@link TaskKilled}. */
  killed: 'greenfiber:task:killed',
  /** A task held the thread for too long, where somebody watches that: {@link SlowTask}. */
  slow: 'greenfiber:task:slow',
  /** The event loop is empty while tasks sleep: {@link Deadlock}. */
  deadlock: 'greenfiber:deadlock',
} as const;

export interface TaskSpawned {
  /** It has not begun, and may be given a name after this. */
  readonly task: Task;
  /** The task that made it. */
  readonly by: Task | undefined;
}

export interface TaskEnded {
  /** Its `status` says how it ended. */
  readonly task: Task;
  /** What it threw; undefined when it returned. */
  readonly error: unknown;
}

export interface TaskKilled {
  readonly task: Task;
  /** What the call throws that set the limit. */
  readonly error: Error;
}

export interface Deadlock {
  /** Those that will never go on. */
  readonly tasks: readonly Task[];
}

interface Messages {
  spawn: TaskSpawned;
  end: TaskEnded;
  cancelled: TaskEnded;
  killed: TaskKilled;
  slow: SlowTask;
  deadlock: Deadlock;
}

/** Node keeps a channel with its subscribers only as long as somebody refers to it. */
export const channels = Object.fromEntries(
  Object.entries(diagnosticsChannels).map(([what, name]) => [what, channel(name)]),
) as Readonly<Record<keyof Messages, Channel>>;

export function publishSpawn(task: Task): void {
  publish('spawn', { task, by: current.task });
}

/**
 * Publishes what happened; to be called where the channel has subscribers. They run outside of the task, which is no place
 * to block; what they throw is an uncaught error.
 */
export function publish<What extends keyof Messages>(what: What, message: Messages[What]): void {
  const { task } = current;
  current.task = undefined;
  channels[what].publish(message);
  current.task = task;
}
