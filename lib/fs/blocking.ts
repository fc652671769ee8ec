import { blockingTask } from '../scheduler/current';
import type { BlockingView } from '../scheduler/overloads';
import { wait } from '../scheduler/wait';

/** The blocking view of a function of `node:fs/promises`, with its name and its overloads. */
export function blocking<F extends (...args: never[]) => Promise<unknown>>(fn: F): BlockingView<F> {
  const what = `fs.${fn.name}`;
  const view = (...args: never[]): unknown => {
    blockingTask(what); // what cannot be waited for is not begun
    return wait(fn(...args));
  };
  Object.defineProperty(view, 'name', { value: fn.name, configurable: true });
  return view as BlockingView<F>;
}

/** Waits for what has to be closed; if the wait is cancelled, it is closed when it comes. */
export function waitForOpen<T extends { close(): Promise<void> }>(opening: Promise<T>): T {
  try {
    return wait(opening);
  } catch (error) {
    opening.then((opened) => opened.close()).catch(() => undefined);
    throw error;
  }
}
