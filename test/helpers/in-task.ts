import type { ExecutionContext } from 'ava';
import { Scheduler, timeout } from 'greenfiber';

/** What hangs fails after so many milliseconds. */
const PATIENCE = 60_000;

/** Runs `body` in a task of a scheduler of its own, and asserts that it leaves no task behind. */
export async function inTask<T>(t: ExecutionContext, body: () => T): Promise<T> {
  const scheduler = new Scheduler();
  const result = await scheduler.run(() => timeout(PATIENCE, body));
  t.is(scheduler.stats().alive, 0, 'a task is left');
  return result;
}

/** What `call` throws; undefined when it does not. */
export function caught(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}
