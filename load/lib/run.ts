import { group, sleep } from 'greenfiber';
import { checkFunction, checkObject, runningTask, wrongType } from 'greenfiber/lowlevel';

import type { InProcessHandler } from './clients/in-process';
import { contextOf } from './context';
import { Drive } from './drive';
import { IterationPool } from './iteration-pool';
import type { Part } from './part';
import { checkPlan, type LoadOptions, type Plan } from './plan';
import type { MetricData } from './registry';
import { resultsOf, type Results } from './results';
import { Samples } from './samples';
import { checkScenario, type Scenario } from './scenario';
import { aroundSetup, type Outcome } from './setup';
import { crossed, type Threshold } from './thresholds';
import type { Point } from './timeline';
import { Crowd } from './users';
import type { RunContext } from './vu';

/** How {@link run} is carried out; see {@link LoadOptions} for how much there is to do. */
export interface RunOptions extends LoadOptions {
  /** Shown in reports. */
  name?: string;
  /** Answers all HTTP requests, in this process, in place of the network. */
  handler?: InProcessHandler;
  /** Told of every interval, once it is over. What it throws is a warning of the process. */
  onPoint?: (point: Point) => void;
  /** Told of the results before anything is thrown: what `teardown` throws, say, does not take them along. */
  onResults?: (results: Results) => void;
  /** Ends the run before its time: no iteration is begun any more, and what is under way has a moment. */
  signal?: AbortSignal;
}

/** @internal */
export interface LoadRun {
  readonly plan: Plan;
  readonly scenario: Scenario;
  readonly data: unknown;
  readonly name: string;
  readonly part: Part;
  /** For each load, that of all threads. */
  readonly pools: readonly IterationPool[];
  readonly handler?: InProcessHandler | undefined;
  readonly onPoint?: ((point: Point) => void) | undefined;
  /**
   * Told of what has been measured so far at the end of every interval, if thresholds may end the run: whoever knows all
   * parts judges. Without it, the part is all there is.
   */
  readonly onMetrics?: ((metrics: readonly MetricData[]) => void) | undefined;
  /** Given every sample as lines of JSON, many at a time. */
  readonly onSamples?: ((lines: string) => void) | undefined;
  /** Told of the run once it is under way. */
  readonly onBegin?: ((run: LiveRun) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A run that is under way. @internal */
export interface LiveRun {
  /** What has been measured so far. */
  collect(): Results;
  /** Counts what was thrown where nobody could catch it. */
  stray(error: unknown): void;
}

const WHOLE: Part = { index: 0, count: 1 };

/**
 * Runs a scenario in the running task's scheduler, sleeps until it has ended, and returns what was measured. It goes
 * by the scheduler's clock, so that `simulate` of greenfiber/testing runs it in no time.
 *
 * @throws what `setup` or `teardown` throws; {@link FiberError} `ERR_LOAD_SCENARIO`, `ERR_LOAD_NO_TARGET` when an
 * iteration needed one, `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`, `ERR_FIBER_NOT_IN_FIBER`; the
 * reason of a cancelled scope
 */
export function run<D>(scenario: Scenario<D>, options: RunOptions = {}): Results {
  checkObject('options', options);
  const checked = checkScenario(scenario, 'The first argument');
  const { name = 'scenario', handler, onPoint, onResults, signal, ...load } = options;
  if (typeof (name as unknown) !== 'string') throw wrongType('options.name', 'a string', name);
  for (const [key, value] of Object.entries({ handler, onPoint, onResults })) {
    if (value !== undefined) checkFunction(`options.${key}`, value);
  }
  if (signal !== undefined && !((signal as unknown) instanceof AbortSignal)) {
    throw wrongType('options.signal', 'an AbortSignal', signal);
  }
  runningTask('run');
  const plan = checkPlan({ ...checked.options, ...load }, checked);
  const part = WHOLE;
  const pools = plan.loads.map((each) => IterationPool.of(each, part));
  const job = { plan, scenario: checked, name, part, pools, handler, onPoint, signal };
  const outcome = aroundSetup(job, (data) => runPart({ ...job, data }));
  if (outcome.isEmpty !== true) onResults?.(outcome.results);
  if ('error' in outcome) throw outcome.error;
  return outcome.results;
}

/** Runs a part of the load, in the running task. @internal */
export function runPart(job: LoadRun): Outcome {
  const { plan, data, part, signal } = job;
  const context = contextOf(plan, part, job.handler);
  const { clock, recorder, start, deadlines } = context;
  const started = new Date().toISOString();
  const elapsed = (): number => clock.now() - start;
  const crowd = new Crowd(part, data);
  const samples = job.onSamples && new Samples(clock, job.onSamples);
  if (samples !== undefined) recorder.tell(samples);
  const drives: Drive[] = [];
  let begunFor: number | undefined;
  let endedBy: Threshold | undefined;
  const collect = (): Results => ({
    ...resultsOf(job, recorder, started, (begunFor ?? elapsed()) / 1000, signal?.aborted === true),
    ...(endedBy && { endedBy: `${endedBy.metric} ${endedBy.expression}` }),
  });
  const mayEnd = plan.thresholds.some(({ abortAfter }) => abortAfter !== undefined);
  const look = (): void => {
    if (job.onMetrics !== undefined) job.onMetrics(recorder.registry.data());
    else endedBy ??= crossed(plan.thresholds, recorder.registry, elapsed());
    if (endedBy !== undefined) crowd.end();
  };
  const point = (): void => {
    const users = drives.reduce((sum, drive) => sum + drive.count, 0);
    const interval = recorder.timeline.next(elapsed() / 1000, users);
    try {
      job.onPoint?.(interval);
    } catch (error) {
      process.emitWarning(error instanceof Error ? error : String(error));
    }
    samples?.flush();
    if (mayEnd && begunFor === undefined) look();
  };
  job.onBegin?.({ collect, stray: (error) => recorder.error(error, plan.tags) });
  const stop = (): void => {
    crowd.stopped = true;
  };
  if (signal?.aborted === true) stop();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    group((members) => {
      drives.push(...drivesOf(job, context, crowd));
      const sampler = members.spawn(sample, plan.interval * 1000, elapsed, point);
      const running = drives.map((drive) =>
        members.spawn(() => {
          drive.run(signal);
        }),
      );
      for (const task of running) task.join();
      begunFor = Math.max(...drives.map((drive) => drive.begunFor));
      sampler.cancel();
      point();
      return undefined;
    });
  } finally {
    signal?.removeEventListener('abort', stop);
    deadlines.close();
    samples?.flush();
  }
  const { mistake } = crowd;
  return { results: collect(), ...(mistake !== undefined && { error: mistake }) };
}

function drivesOf({ plan, scenario, pools }: LoadRun, context: RunContext, crowd: Crowd): Drive[] {
  return plan.loads.map((load, index) => {
    const pool = pools[index] ?? new IterationPool(undefined);
    return new Drive(load, scenario, context, crowd, pool);
  });
}

function sample(interval: number, elapsed: () => number, point: () => void): void {
  for (let next = interval; ; next += interval) {
    sleep(Math.max(0, next - elapsed()));
    point();
  }
}
