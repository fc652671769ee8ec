import type { Fiber } from './fiber';

/** What the fiber yields; `return()` is called when the loop is left early. */
export function iterate<Y, R, N>(fiber: Fiber<Y, R, N>): IterableIterator<Y> {
  const iterator: IterableIterator<Y> = {
    next: (...values: [] | [unknown]) => fiber.next(values[0] as N),
    return: (value?: unknown) => fiber.return(value as R),
    throw: (error?: unknown) => {
      const answer = fiber.throw(error);
      return fiber.done ? { done: true, value: answer as R } : { done: false, value: answer as Y };
    },
    [Symbol.iterator]: () => iterator,
  };
  return iterator;
}
