import { current } from '../scheduler/current';
import { Waiter } from '../scheduler/waiter';
import Fiber from './fibers';
import type FutureType from './future';
import { FutureBase } from './future-base';
import { FiberFuture, resolveByCall } from './future-task';

function checkFuture(future: unknown): asserts future is FutureType {
  if (!(future instanceof FutureBase)) throw new Error(`${String(future)} is not a future`);
}

/** `Future.wait` */
export function wait(...futures: (FutureType | readonly FutureType[])[]): void {
  const unresolved = futures.flat().filter((future) => {
    checkFuture(future);
    return !future.isResolved();
  });
  const fiber = Fiber.current;
  if (fiber === undefined) {
    if (current.task === undefined) throw new Error("Can't wait without a fiber");
    waitInTask(unresolved);
    return;
  }

  // The waiting fiber would only sleep: it can make a call that has not begun.
  const own = unresolved.findIndex((future) => future instanceof FiberFuture && !future.started);
  const task = unresolved[own] as FiberFuture | undefined;
  let pending = unresolved.length;
  unresolved.forEach((future, i) => {
    if (i === own) return;
    future.resolve(() => {
      pending--;
      if (pending === 0) fiber.run();
    });
  });
  if (task !== undefined) {
    task.started = true;
    resolveByCall(task);
    pending--;
  }
  if (pending > 0) Fiber.yield();
}

/** In a task on its own stack, which only the scheduler runs. A call that has not begun has a fiber of its own. */
function waitInTask(futures: readonly FutureType[]): void {
  const waiter = Waiter.begin<undefined>('Future.wait', futures);
  let told: Waiter<undefined> | undefined = waiter;
  let pending = futures.length;
  if (pending === 0) return;
  for (const future of futures) {
    future.resolve(() => {
      pending--;
      if (pending === 0) told?.wake(undefined);
    });
  }
  waiter.park(() => {
    told = undefined;
  });
}
