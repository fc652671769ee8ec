import { AbortError, CpuLimitError, FiberError } from '../base/errors';
import { access, runtime } from '../fiber/fiber';
import { PACKAGE } from '../base/place';
import { checkDuration, checkFunction, wrongNumber } from '../base/validators';
import { spliceFrames, withoutOwnFrames } from '../base/stack-trace';
import { current, runningTask } from './current';
import { channels, publish } from './diagnostics';
import { breakHoldsSince, holdsTaken } from './hold';
import { Phase } from './phase';
import type { Scope } from './scope';
import { settled } from './settled';
import type { Task } from './task';

// By names of their own: see lib/fiber/fiber.ts.
const { endedIn, limited, sweep } = runtime.fibers;

/** What {@link limited} returns when the limit has ended what it ran. */
const ENDED = Symbol('ended');

/**
 * Runs `fn`; when it uses more than `ms` milliseconds of processor time, it is ended where it is, be it in a loop or in
 * a regular expression, and the call throws a {@link CpuLimitError}. What it waits for in its own chain counts, as fibers
 * that it resumes; sleep and other tasks do not. Limits nest, and the nearest wins.
 *
 * It is ended, not asked to end: **`catch` and `finally` inside do not run**. Locks taken inside are broken
 * (`ERR_LOCK_BROKEN`), groups' members are cancelled, and what was half written stays half written. Code of Node and of
 * greenfiber is never cut short.
 *
 * The time is sampled, to a tenth of the limit and a millisecond at best. What is after an `await` runs outside of the
 * task, where nothing can be ended.
 *
 * @param ms - above 0; `Infinity` sets no limit
 * @throws {@link FiberError} `ERR_TASK_CPU_LIMIT`; `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`,
 * `ERR_FIBER_NOT_IN_FIBER`; `ERR_FIBER_UNSUPPORTED` under the locker engine, and where no thread can be had to watch the
 * time
 */
export function cpuLimit<T>(ms: number, fn: () => Promise<T> | T): T {
  checkCpuLimit('ms', ms);
  checkFunction('fn', fn);
  return withCpuLimit('cpuLimit', ms, fn);
}

/** As {@link cpuLimit}, for the call `what`. The arguments have been checked. */
export function withCpuLimit<T>(what: string, ms: number, fn: () => Promise<T> | T): T {
  const task = runningTask(what);
  if (ms === Infinity) return settled(what, fn());
  const scope = task.innermostScope;
  const locals = access.locals();
  const holds = holdsTaken();
  const answer = limited(ms, () => settled(what, fn()), ENDED);
  if (answer !== ENDED) return answer as T;
  const error = new CpuLimitError(`It used more than ${String(ms)} ms of processor time`);
  // No `finally` has run: what they would have put back.
  current.task = task;
  task.phase = Phase.running;
  task.waiter = undefined;
  if (access.locals() !== locals) access.setLocals(locals);
  sweep();
  breakHoldsSince(task, holds);
  closeScopesInside(task, scope, error);
  showWhere(error);
  if (channels.killed.hasSubscribers) publish('killed', { task, error });
  throw error;
}

/** Checks what {@link cpuLimit} is given, and whether there can be such a limit. */
export function checkCpuLimit(name: string, ms: unknown): asserts ms is number {
  checkDuration(name, ms);
  if (ms === 0) throw wrongNumber(name, 'a number of milliseconds above 0', ms);
  if (ms === Infinity || runtime.engine === 'direct') return;
  throw new FiberError(
    'ERR_FIBER_UNSUPPORTED',
    `${name}: processor time can be limited under the direct engine only, and this is "${runtime.engine}"`,
  );
}

/** The scopes that were opened inside of `outer` are left: groups' members in them end, and their timers. */
function closeScopesInside(task: Task, outer: Scope | undefined, error: CpuLimitError): void {
  const inside: Scope[] = [];
  let scope = task.innermostScope;
  // The outermost of a task is its own.
  while (scope !== undefined && scope !== outer && scope.parent?.task === task) {
    inside.push(scope);
    scope = scope.parent;
  }
  if (outer !== undefined) task.scope = outer;
  else if (scope !== undefined) task.scope = scope;
  const reason = new AbortError('What was around it used up its processor time', { cause: error });
  for (const left of inside) {
    left.timer?.cancel();
    left.close();
    left.cancel(reason);
  }
}

/** Puts the frames of what was ended in front of the caller's. */
function showWhere(error: CpuLimitError): void {
  const lines = endedIn().split('\n');
  // In a bundle it would be the program's file, too.
  const limit = lines.findIndex((line) => PACKAGE !== undefined && line.includes(__filename));
  const frames = withoutOwnFrames(lines.slice(0, limit < 0 ? undefined : limit).join('\n'));
  const [first = ''] = frames.split('\n');
  error.message += `, last ${first.trim()}`;
  error.stack = `${error.name}: ${error.message}\n${frames}`;
  spliceFrames(error);
}
