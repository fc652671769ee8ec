import type { Source } from './load-scenario';
import { LocalEngine } from './local-engine';
import type { Part } from './part';
import type { Plan } from './plan';
import type { Scenario } from './scenario';
import type { Outcome } from './setup';
import type { Strays } from './strays';
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
  /** Waits for the other shards, when all is ready to begin. */
  readonly meet?: () => Promise<void>;
  /** Given every sample as lines of JSON, if anybody wants them. */
  readonly onSamples?: (lines: string) => void;
  /** Ends it before its time. */
  readonly signal: AbortSignal;
  /** What is thrown where nobody can catch it. */
  readonly strays: Strays;
}

/** Carries a job out. */
export interface Engine {
  run(): Promise<Outcome>;
}

/** On this thread, or on several. */
export function engineOf(job: Job): Engine {
  return job.workers === 1 ? new LocalEngine(job) : new ThreadsEngine(job);
}
