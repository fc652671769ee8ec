import { checkFunction, checkInteger, checkObject, wrongType } from '../base/validators';
import { runningTask } from '../scheduler/current';
import { group } from '../scheduler/group';
import { settled } from '../scheduler/settled';
import { Semaphore } from '../sync/semaphore';

export interface MapOptions {
  /** How many calls are under way at most. Default: `Infinity`. */
  concurrency?: number;
}

/**
 * Calls `fn(item, index)` for each item, each call in a task, and returns what they return, in the items' order. An item is
 * taken when there is room for its call, so the items may come from what blocks: a channel, a reader, a generator.
 * When a call fails, no more items are taken, and the others are cancelled.
 *
 * @throws as {@link group}; {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`,
 * `ERR_FIBER_NOT_IN_FIBER`
 */
export function map<T, R>(
  items: Iterable<T>,
  fn: (item: T, index: number) => Promise<R> | R,
  options: MapOptions = {},
): R[] {
  checkIterable('items', items);
  checkFunction('fn', fn);
  checkObject('options', options);
  const { concurrency = Infinity } = options;
  if (concurrency !== Infinity) checkInteger('options.concurrency', concurrency, 1, 2 ** 31 - 1);
  runningTask('map');
  const room = concurrency === Infinity ? undefined : new Semaphore(concurrency);
  const results: R[] = [];
  group((tasks) => {
    let count = 0;
    room?.acquire();
    for (const item of items) {
      const index = count++;
      tasks.spawn(() => {
        try {
          results[index] = settled('map', fn(item, index));
        } finally {
          room?.release();
        }
      });
      room?.acquire();
    }
  });
  return results;
}

function checkIterable(name: string, value: unknown): void {
  if (typeof value === 'string') return;
  if (typeof value === 'object' && value !== null && Symbol.iterator in value) return;
  throw wrongType(name, 'an iterable; of an async one, iterate(items)', value);
}
