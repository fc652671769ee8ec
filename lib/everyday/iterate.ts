import { wrongType } from '../base/validators';
import { blockingTask, current, runningTask } from '../scheduler/current';
import { observe } from '../scheduler/promise-watch';
import { wait } from '../scheduler/wait';

/** A web stream, as far as it is used; libraries bring their own. */
interface WebStream<T> {
  getReader(): WebReader<T>;
}

interface WebReader<T> {
  read(): Promise<{ done: boolean; value?: T | undefined }>;
  cancel(reason?: unknown): Promise<void>;
  releaseLock(): void;
}

/**
 * The blocking view of an async iterable, or of a web stream: in a task, each step of the loop sleeps until the next value
 * has come. A loop that is left early, or cancelled, ends the iterator, or cancels the stream; left early, it waits for
 * that.
 *
 * ```js
 * for (const chunk of iterate(response.body)) file.write(chunk);
 * ```
 *
 * The loop throws {@link FiberError} `ERR_FIBER_NOT_IN_FIBER` outside of tasks, what the source is rejected with, and the
 * reason of a cancelled scope.
 *
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`
 */
export function iterate<T>(source: AsyncIterable<T> | WebStream<T>): Generator<T, void, undefined> {
  const { getReader } = Object(source) as Partial<WebStream<T>>;
  if (typeof getReader === 'function') return steps(() => readerOf(source as WebStream<T>));
  if (typeof (Object(source) as Partial<AsyncIterable<T>>)[Symbol.asyncIterator] !== 'function') {
    throw wrongType('source', 'an async iterable or a web stream', source);
  }
  return steps(() => (source as AsyncIterable<T>)[Symbol.asyncIterator]());
}

/** Of a stream, whose own iterator would end behind a read that never does. */
function readerOf<T>(stream: WebStream<T>): AsyncIterator<T> {
  const reader = stream.getReader();
  return {
    next: () => reader.read() as Promise<IteratorResult<T>>,
    return: () =>
      reader.cancel().then(() => {
        reader.releaseLock();
        return { done: true, value: undefined };
      }),
  };
}

function* steps<T>(begin: () => AsyncIterator<T>): Generator<T, void, undefined> {
  runningTask('iterate');
  const iterator = begin();
  const state = { isOver: false };
  try {
    for (;;) {
      const step = nextOf(iterator, state);
      if (step.done === true) return;
      yield step.value;
    }
  } finally {
    if (!state.isOver) end(iterator);
  }
}

/** There is nothing to end where it came to its end, or failed. */
function nextOf<T>(iterator: AsyncIterator<T>, state: { isOver: boolean }): IteratorResult<T> {
  try {
    blockingTask('iterate'); // what cannot be waited for is not asked for
    const step = wait(iterator.next());
    state.isOver = step.done === true;
    return step;
  } catch (error) {
    state.isOver = current.task?.isCancelled !== true;
    throw error;
  }
}

function end(iterator: AsyncIterator<unknown>): void {
  const ended = iterator.return?.();
  if (ended === undefined) return;
  if (current.task === undefined || current.task.isCancelled) observe(ended);
  else wait(ended);
}
