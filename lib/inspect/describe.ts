import { isError } from '../base/errors';
import { access, runtime, type Fiber } from '../fiber/fiber';
import type { Scope } from '../scheduler/scope';
import type { Task } from '../scheduler/task';
import { creationOf, timeAsleep, timeOnThread } from './collector';
import type { FiberSnapshot, Label, ScopeSnapshot, Sleep, TaskSnapshot } from './types';
import { describe, show } from './waits';

/** One task, as it is now. */
export function describeTask(task: Task, scheduler = 0): TaskSnapshot {
  return {
    id: task.id,
    name: task.name,
    status: task.status,
    stack: task.stack,
    sleep: sleepOf(task),
    background: !task.keepsAlive,
    scheduler,
    scope: describeScope(task),
    locals: localsOf(task.fiber),
    created: task.fiber === undefined ? null : creationOf(task.fiber),
    cpu: timeOnThread(task),
  };
}

/** One fiber, as it is now. */
export function describeFiber(fiber: Fiber, task: Task | undefined): FiberSnapshot {
  return {
    id: fiber.id,
    name: fiber.name,
    state: fiber.state,
    stack: fiber.stack,
    resumes: resumedBy(fiber)?.id ?? null,
    task: task === undefined ? null : labelOf(task),
    created: creationOf(fiber),
  };
}

/** The fiber that this one resumed and waits for. */
export function resumedBy(fiber: Fiber): Fiber | undefined {
  const handle = access.handleOf(fiber);
  return handle < 0 ? undefined : (runtime.fibers.resumedBy(handle) as Fiber | undefined);
}

function labelOf({ id, name }: Label): Label {
  return { id, name };
}

function sleepOf(task: Task): Sleep | null {
  if (task.status !== 'parked' || task.waiter === undefined) return null;
  const { what, on } = task.waiter;
  return {
    call: what,
    on: on === undefined ? null : describe(on),
    since: timeAsleep(task),
  };
}

function describeScope(task: Task): ScopeSnapshot {
  const inner = task.scope;
  let depth = 0;
  let outer: Scope | undefined = inner;
  for (; outer?.task === task; outer = outer.parent) depth++;
  return {
    cancelled: inner.isCancelled,
    reason: inner.isCancelled ? reasonOf(inner.reason) : null,
    shielded: inner.shielded,
    depth: depth - 1, // one is the task's own
    groupOf: outer === undefined ? null : labelOf(outer.task),
  };
}

function reasonOf(reason: unknown): string {
  return isError(reason) ? `${reason.name}: ${reason.message}` : show(reason);
}

/** The values of fiber-locals, by their names. */
function localsOf(fiber: Fiber | undefined): { name: string; value: string }[] {
  const locals = fiber === undefined ? undefined : access.localsOf(fiber);
  return Array.from(locals ?? [], ([local, value]) => {
    const { name } = local as { name?: unknown };
    return {
      name: typeof name === 'string' && name !== '' ? name : '(unnamed)',
      value: show(value),
    };
  });
}
