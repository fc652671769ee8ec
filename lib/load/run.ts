import { checkFunction, checkObject } from '../options';
import { sleep } from '../scheduler/blocking';
import { group } from '../scheduler/group';
import { shield } from '../scheduler/limits';
import { currentScheduler } from '../scheduler/spawn';
import { runningTask } from '../scheduler/current';
import { runClosed } from './closed';
import { InProcessTransport, type InProcessHandler } from './clients/in-process';
import { UndiciTransport } from './clients/undici';
import { runOpen } from './open';
import { checkPlan, type LoadOptions, type Part, type Plan } from './plan';
import { Recorder } from './recorder';
import { RESULTS_FORMAT, type Results } from './results';
import { checkScenario, type Scenario } from './scenario';
import type { Point } from './timeline';
import { Users } from './users';
import { asUser, VirtualUser, type RunContext } from './vu';

/** How {@link run} is carried out; see {@link LoadOptions} for how much there is to do. */
export interface RunOptions extends LoadOptions {
  /** Shown in reports. */
  name?: string;
  /** Answers all HTTP requests, in this process, in place of the network. */
  handler?: InProcessHandler;
  /** Told of every interval, once it is over. */
  onPoint?: (point: Point) => void;
  /** Ends the run before its time: no iteration is begun any more. */
  signal?: AbortSignal;
}

/** @internal */
export interface LoadRun {
  readonly plan: Plan;
  readonly scenario: Scenario;
  readonly data: unknown;
  readonly name: string;
  readonly part: Part;
  readonly handler?: InProcessHandler | undefined;
  readonly onPoint?: ((point: Point) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

const WHOLE: Part = { index: 0, count: 1 };

/** After this many milliseconds nothing of a run that was told to end goes on. */
export const GRACE_AFTER_SIGNAL = 2000;

/**
 * Runs a scenario in the running task's scheduler, sleeps until it has ended, and answers what was measured. It goes
 * by the scheduler's clock, so that `simulate` of greenfiber/testing runs it in no time.
 *
 * @throws what `setup` or `teardown` throws; {@link FiberError} `ERR_LOAD_SCENARIO`, `ERR_FIBER_INVALID_ARG_TYPE`,
 * `ERR_FIBER_INVALID_ARG_VALUE`, `ERR_FIBER_NOT_IN_FIBER`; the reason of a cancelled scope
 */
export function run<D>(scenario: Scenario<D>, options: RunOptions = {}): Results {
  checkObject('options', options);
  const checked = checkScenario(scenario, 'The first argument');
  const { name = 'scenario', handler, onPoint, signal, ...load } = options;
  if (handler !== undefined) checkFunction('options.handler', handler);
  if (onPoint !== undefined) checkFunction('options.onPoint', onPoint);
  const plan = checkPlan({ ...checked.options, ...load });
  return aroundSetup(plan, checked, handler, (data) =>
    runPart({ plan, scenario: checked, data, name, part: WHOLE, handler, onPoint, signal }),
  );
}

/** Runs `setup`, what comes between, and `teardown`, also when what comes between throws. @internal */
export function aroundSetup<T>(
  plan: Plan,
  { setup, teardown }: Scenario,
  handler: InProcessHandler | undefined,
  between: (data: unknown) => T,
): T {
  // What they do is no part of the load, and is not measured.
  const apart = <R>(fn: () => R): R => {
    const user = new VirtualUser(0, contextOf(plan, handler));
    try {
      return asUser(user, fn);
    } finally {
      user.close();
    }
  };
  const data = setup === undefined ? undefined : apart(setup);
  try {
    return between(data);
  } finally {
    if (teardown !== undefined) shield(() => apart(() => teardown(data)));
  }
}

function contextOf(plan: Plan, handler: InProcessHandler | undefined): RunContext {
  const { clock } = currentScheduler();
  const transport =
    handler === undefined
      ? new UndiciTransport(plan, clock)
      : new InProcessTransport(handler, clock);
  return { plan, recorder: new Recorder(plan.tags), transport, clock };
}

/** Runs a part of the load, in the running task. @internal */
export function runPart({
  plan,
  scenario,
  data,
  name,
  part,
  handler,
  onPoint,
  signal,
}: LoadRun): Results {
  runningTask('run');
  const context = contextOf(plan, handler);
  const { clock, recorder } = context;
  const started = new Date().toISOString();
  const start = clock.now();
  const elapsed = (): number => clock.now() - start;
  let seconds = 0;
  group((members) => {
    const users = new Users(context, part, members, scenario, data);
    const stop = (): void => {
      users.stopped = true;
    };
    if (signal?.aborted === true) stop();
    signal?.addEventListener('abort', stop, { once: true });
    const point = (): void => {
      const interval = recorder.timeline.next(elapsed() / 1000, users.count);
      onPoint?.(interval);
    };
    const sampler = members.spawn(sample, plan.interval * 1000, elapsed, point);
    try {
      if (plan.model === 'open') runOpen(context, part, users, start);
      else runClosed(plan, part, users, elapsed);
      const begunUntil = elapsed();
      finish(users, plan.gracefulStop, signal, elapsed);
      seconds = (users.exhausted ? elapsed() : begunUntil) / 1000;
    } finally {
      signal?.removeEventListener('abort', stop);
      sampler.cancel();
    }
    point();
    members.cancel();
    return undefined;
  });
  return {
    format: RESULTS_FORMAT,
    name,
    model: plan.model,
    started,
    seconds,
    interval: plan.interval,
    shards: [`${String(part.index + 1)}/${String(part.count)}`],
    workers: 1,
    interrupted: signal?.aborted === true,
    thresholds: plan.thresholds,
    metrics: recorder.registry.data(),
    errors: recorder.errors(),
    points: recorder.timeline.points,
  };
}

function sample(interval: number, elapsed: () => number, point: () => void): void {
  for (let next = interval; ; next += interval) {
    sleep(Math.max(0, next - elapsed()));
    point();
  }
}

/** How often the end of what is under way is looked for, in milliseconds. */
const LOOK = 10;

/** Lets what is under way end in time. What has not ended then is cancelled by the caller. */
function finish(
  users: Users,
  grace: number,
  signal: AbortSignal | undefined,
  elapsed: () => number,
): void {
  users.stopped = !users.exhausted;
  const begun = elapsed();
  while (users.count > 0) {
    const spent = elapsed() - begun;
    if (spent >= (signal?.aborted === true ? Math.min(grace, GRACE_AFTER_SIGNAL) : grace)) return;
    sleep(LOOK);
  }
}
