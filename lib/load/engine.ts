import type { Source } from './load-scenario';
import { LocalEngine } from './local-engine';
import type { Part, Plan } from './plan';
import type { Results } from './results';
import type { Scenario } from './scenario';
import { ThreadsEngine } from './threads-engine';
import type { Point } from './timeline';

/** A run that is to be carried out. */
export interface Job {
  readonly plan: Plan;
  readonly source: Source;
  readonly scenario: Scenario;
  readonly name: string;
  /** The shard. */
  readonly part: Part;
  readonly workers: number;
  /** Told of every interval, all threads together. */
  readonly onPoint: (point: Point) => void;
  /** Ends it before its time. */
  readonly signal: AbortSignal;
}

/** Carries a job out. */
export interface Engine {
  run(): Promise<Results>;
}

/** On this thread, or on several. */
export function engineOf(job: Job): Engine {
  return job.workers === 1 ? new LocalEngine(job) : new ThreadsEngine(job);
}
